# shellcheck shell=bash
# This checkout as the bench's "orchestrator": linked where the bench user can read it, else copied.

# The bench's apps/orchestrator is a link. Two checkouts may share a bench: each run points it to its own.
readonly LINK_NAME=apps/orchestrator

bench_can_read_checkout() {
	local unreadable
	# shellcheck disable=SC2016
	unreadable=$(as_bench bash -c 'cd "$1" 2>/dev/null && find . \( -name .git -o -name node_modules -o -name __pycache__ -o -name ".*_cache" \) -prune -o \( -type f ! -readable -o -type d ! -executable \) -print -quit 2>&1 || echo unreadable' look "$CHECKOUT")
	[[ -z $unreadable ]]
}

# copy_checkout FOLDER: what git would commit, as it is now on disk.
copy_checkout() {
	local list=(find . -type f -not -path './.git/*' -not -path '*/node_modules/*' -not -name '*.pyc' -print0)
	if git -C "$CHECKOUT" rev-parse >/dev/null 2>&1; then list=(git ls-files -z --cached --others --exclude-standard); fi
	as_bench rm -rf "$1.part"
	as_bench mkdir -p "$1.part"
	(cd "$CHECKOUT" && "${list[@]}" | existing_only | tar --null --files-from=- -cf -) | as_bench tar -C "$1.part" --no-same-owner -xf -
	as_bench chmod -R u+rwX,go+rX "$1.part"
	as_bench rm -rf "$1"
	as_bench mv "$1.part" "$1"
	as_bench touch "$1"
}

# Git also lists what was deleted but not committed yet.
existing_only() {
	local file
	while IFS= read -r -d '' file; do
		if [[ -e $file || -L $file ]]; then printf '%s\0' "$file"; fi
	done
}

# place_checkout: sets LINKED, the folder the bench user reads this checkout from, as fresh as the checkout.
place_checkout() {
	if bench_can_read_checkout; then
		LINKED=$CHECKOUT
	else
		LINKED=$BENCH_STATE/checkouts/$(printf '%s' "$CHECKOUT" | hash_of)
		copy_checkout "$LINKED"
		forget_old_copies
	fi
}

# Each clone of a continuous run has a path, and so a copy, of its own.
forget_old_copies() {
	local copy
	while IFS= read -r copy; do
		[[ $copy == "$(linked_now)" ]] || as_bench rm -rf "$copy" </dev/null
	done < <(find "$BENCH_STATE/checkouts" -mindepth 1 -maxdepth 1 -mtime +7)
}

linked_now() { readlink "$BENCH/$LINK_NAME" 2>/dev/null || true; }

# link_checkout: `pip install -e` would write into the checkout, which the bench user may not do. A .pth line does the same.
link_checkout() {
	point_link "$LINKED"
	# shellcheck disable=SC2016
	as_bench bash -c 'echo "$1/apps/orchestrator" >"$(echo "$1"/env/lib/python3.*/site-packages)/orchestrator.pth"' link "$BENCH"
	as_bench ln -sfn "$BENCH/apps/orchestrator/orchestrator/public" "$BENCH/sites/assets/orchestrator"
	write_apps_txt orchestrator
}

point_link() { as_bench ln -sfn "$1" "$BENCH/$LINK_NAME"; }

# require_packages FILE…: pip installs them when a file has changed since it last did.
requirements_key() { (cd "$CHECKOUT" && cat "$@") | { hash_of; stamp_read python-packages; } | paste -sd-; }
require_packages() {
	local file arguments=()
	for file in "$@"; do arguments+=(-r "$LINKED/$file"); done
	as_bench env -C "$BENCH" env/bin/python -m pip install --quiet "${arguments[@]}" 'setuptools<81' ||
		die "$EXIT_REGISTRY" "pip could not fetch what $* name. Check the network or proxy, or PIP_INDEX_URL. Details: $SETUP_LOG"
}

# The public clients that tests/api/test_public_clients.py drives in Node.
install_test_clients() {
	local folder=$BENCH_STATE/clients
	as_bench mkdir -p "$folder"
	as_bench cp "$LINKED/tests/clients/package.json" "$folder/package.json"
	as_bench env -C "$folder" npm install --no-package-lock --ignore-scripts --no-audit --no-fund --silent ||
		die "$EXIT_REGISTRY" "npm could not fetch what tests/clients/package.json names. Check the network or proxy, or npm_config_registry. Details: $SETUP_LOG"
}

# What script/clients needs, for tests/clients. On an older Python or Node than it takes, those tests are left out.
client_generators_key() { { (cd "$CHECKOUT/clients" && cat python/generator-requirements.txt typescript/package*.json) | hash_of; stamp_read bench; } | paste -sd-; }
install_client_generators() {
	as_bench "$BENCH/env/bin/python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || return 0
	[[ $(node_major) -ge 20 ]] || return 0
	as_bench mkdir -p "$BENCH_STATE/cache"
	# shellcheck disable=SC2016
	as_bench env XDG_CACHE_HOME="$BENCH_STATE/cache" bash -c 'PATH=$1:$PATH exec "$2" --install' install "$BENCH/env/bin" "$LINKED/script/clients" ||
		die "$EXIT_REGISTRY" "pip or npm could not fetch what clients/ names. Check the network or proxy, or PIP_INDEX_URL and npm_config_registry. Details: $SETUP_LOG"
}

# code_key: changes with every file of the app. schema_key: only with those that shape a site's tables and records.
code_key() { (cd "$CHECKOUT" && find orchestrator "$(pins_file "$FRAPPE")" -type f -not -name '*.pyc' -print0 | sort -z | xargs -0 sha256sum) | hash_of; }
schema_key() {
	(cd "$CHECKOUT" && find orchestrator -type f \( -name '*.json' -o -path '*/setup/*.py' -o -name hooks.py -o -name '*.txt' \) -print0 |
		sort -z | xargs -0 sha256sum) | hash_of
}
