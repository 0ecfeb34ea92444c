# shellcheck shell=bash
# The platform: a bench with the pinned apps, and the base site that other sites are copies of.

# What a set-up of these pins is called in the stamps. A change of a pin redoes what hangs on it.
sources_key() { pins | hash_of; }
platform_key() { { pins; cat "$CHECKOUT/script/lib/python/setup_wizard.py"; date +%Y; } | hash_of; }
base_dump() { printf '%s/base/site-%s.sql.gz' "$BENCH" "$(platform_key)"; }

readonly BASE_SITE=base.localhost

# fetch_source APP FOLDER: the pinned version, one commit deep, put in place only when complete.
fetch_source() {
	local app url branch commit
	read -r app url branch commit < <(pin_of "$1")
	as_bench rm -rf "$2.part"
	if [[ $commit == - ]]; then
		as_bench git clone --quiet --depth 1 --branch "$branch" --origin upstream "$url" "$2.part"
	else
		as_bench git init --quiet "$2.part"
		as_bench git -C "$2.part" remote add upstream "$url"
		# A mirror may serve branches only; then the whole branch comes along.
		as_bench git -C "$2.part" fetch --quiet --depth 1 upstream "$commit" || as_bench git -C "$2.part" fetch --quiet upstream "$branch"
		as_bench git -C "$2.part" checkout --quiet -B "$branch" "$commit"
	fi || die "$EXIT_GIT" "Could not fetch $app ($branch ${commit/#-/}) from $GIT_BASE/frappe/$app. Check the network, or ORCHESTRATOR_GIT_BASE. Details: $SETUP_LOG"
	as_bench rm -rf "$2"
	as_bench mv "$2.part" "$2"
}

fetch_frappe() {
	as_bench mkdir -p "$BENCH_STATE/source"
	fetch_source frappe "$BENCH_STATE/source/frappe"
	[[ $GIT_BASE == https://github.com ]] || mirror_node_sources
}

# yarn 1 takes air-datepicker as an archive named by its commit. From another git base the archive is made
# here, and yarn finds it in its offline mirror under the commit's name.
mirror_node_sources() {
	local repository commit scratch=$BENCH_STATE/source/archive
	sed -nE 's#^  resolved "https://codeload.github.com/frappe/([^/]+)/tar.gz/([0-9a-f]{40})"#\1 \2#p' "$BENCH_STATE/source/frappe/yarn.lock" |
		while read -r repository commit; do
			as_bench rm -rf "$scratch"
			as_bench git clone --quiet --bare "https://github.com/frappe/$repository" "$scratch" </dev/null
			as_bench git -C "$scratch" archive --format=tar.gz --prefix="$repository-$commit/" -o "$BENCH_STATE/yarn-mirror/$commit" "$commit"
		done
}

# bench finds the ports here and leaves them as they are.
write_common_config() {
	local cache=${REDIS_CACHE:-redis://127.0.0.1:$REDIS_CACHE_PORT} queue=${REDIS_QUEUE:-redis://127.0.0.1:$REDIS_QUEUE_PORT}
	as_bench python3 - "$BENCH/sites/common_site_config.json" <<-PYTHON
		import json, pathlib, sys
		path = pathlib.Path(sys.argv[1])
		config = json.loads(path.read_text()) if path.exists() else {}
		config |= {"redis_cache": "$cache", "redis_socketio": "$cache", "redis_queue": "$queue", "db_host": "$DB_HOST",
			"db_port": $DB_PORT, "webserver_port": $PORT, "socketio_port": $SOCKETIO_PORT, "default_site": "$SITE", "live_reload": False}
		path.write_text(json.dumps(config, indent=1, sort_keys=True))
	PYTHON
}

# A broken earlier attempt is cleared away; bench itself can't continue one.
init_bench() {
	local url branch _ python
	python=$(find_python)
	read -r _ url branch _ < <(pin_of frappe)
	as_bench rm -rf "$BENCH/env" "$BENCH/apps"
	write_common_config
	as_bench "$BENCH_STATE/bench-cli/bin/bench" init --ignore-exist --frappe-path "file://$BENCH_STATE/source/frappe" --frappe-branch "$branch" \
		--python "$python" --skip-assets --skip-redis-config-generation --no-backups "$BENCH" ||
		die "$EXIT_BENCH" "bench init failed; the reason is at the end of $SETUP_LOG. Fix it and run this again: it continues here."
	as_bench git -C "$BENCH/apps/frappe" remote set-url upstream "$url"
}

# write_apps_txt [orchestrator]: what the bench's commands load. The base site is made without ours.
write_apps_txt() { { app_names; printf '%s' "$*"; } | write_for_bench "$BENCH/sites/apps.txt" 644; }

install_python_packages() {
	local app editable=()
	for app in $(app_names); do editable+=(-e "apps/$app"); done
	as_bench env -C "$BENCH" env/bin/python -m pip install --quiet --upgrade pip
	# Frappe's environment still imports pkg_resources, which later setuptools have dropped.
	as_bench env -C "$BENCH" env/bin/python -m pip install --quiet "${editable[@]}" 'setuptools<81' ||
		die "$EXIT_REGISTRY" "pip could not install the apps' packages. Check the network or proxy, or PIP_INDEX_URL. Details: $SETUP_LOG"
	write_apps_txt
}

# The apps whose Desk bundles need packages of their own. Front ends are another matter: see build_front_ends.
install_node_packages() {
	local app
	for app in $(app_names); do
		if has_node_packages "$BENCH/apps/$app/package.json"; then
			as_bench env -C "$BENCH/apps/$app" yarn install --frozen-lockfile --ignore-scripts --silent ||
				die "$EXIT_REGISTRY" "yarn could not install the packages of $app. Check the network or proxy, or npm_config_registry. Details: $SETUP_LOG"
		fi
	done
}

has_node_packages() {
	[[ -f $1 ]] && python3 -c 'import json, sys; sys.exit(not json.load(open(sys.argv[1])).get("dependencies"))' "$1"
}

# What Desk loads, by the bundler that `bench build` runs, without the apps' own build commands: those are the
# front ends. One app's fault doesn't keep the others from being built.
build_assets() {
	local app failed=''
	as_bench mkdir -p "$BENCH/sites/assets"
	in_sites "$BENCH/env/bin/python" -c 'import frappe; frappe.init(""); from frappe import build; build.setup(); build.make_asset_dirs()'
	if bundle "$(app_names | paste -sd,)"; then return; fi
	for app in $(app_names); do
		bundle "$app" || failed+=" $app"
	done
	[[ -n $failed ]] || return 0
	report_missing_assets "$failed"
}

# On 15 the API works without them, so a failure is only reported. Frappe 16 answers mail and PDFs with 500 then.
report_missing_assets() {
	if [[ $FRAPPE == 15 ]]; then
		note "the scripts and styles of$1 could not be built, so Desk won't work in a browser; the API is not affected. $SETUP_LOG says why. The next run tries again."
		try_again
	else
		die "$EXIT_BENCH" "The scripts and styles of$1 could not be built, and without them Frappe $FRAPPE sends no mail and makes no PDF. The reason is in $SETUP_LOG. Fix it and run this again: it continues here."
	fi
}
bundle() { as_bench env -C "$BENCH/apps/frappe" yarn run --silent production --apps "$1"; }

# Frappe 16 reads translations that are compiled, which `bench build` does. Frappe 15 reads the sources as well.
compile_translations() {
	[[ $FRAPPE == 15 ]] ||
		in_sites "$BENCH/env/bin/python" -c 'import frappe; frappe.init(""); from frappe.gettext.translate import compile_translations; compile_translations()'
}

# The Vue apps (Helpdesk, Gameplan, Insights, the HR portal): slow, and Desk and the API do without.
build_front_ends() {
	local app
	for app in hrms helpdesk gameplan insights; do
		as_bench env -C "$BENCH/apps/$app" yarn install --frozen-lockfile
		as_bench env -C "$BENCH/apps/$app" yarn build
	done
}

# --- the base site: all the apps and a company, without Orchestrator; made once, in stages that are kept ---
base_stage_dump() { printf '%s/base/stage.sql.gz' "$BENCH"; }

# base_stage COMMAND…: from the last complete stage to the next one.
base_stage() {
	if site_exists "$BASE_SITE" && [[ -f $BENCH/base/unfinished ]]; then restore_site "$BASE_SITE" "$(base_stage_dump)" ''; fi
	as_bench touch "$BENCH/base/unfinished"
	"$@"
	dump_site "$BASE_SITE" "$(base_stage_dump)"
	as_bench rm -f "$BENCH/base/unfinished"
}

make_base_site() {
	local password
	password=$(random_secret)
	write_apps_txt
	as_bench rm -rf "$(site_folder "$BASE_SITE")" "$BENCH/base/unfinished"
	make_database "$(site_database "$BASE_SITE")" "$password"
	frappe new-site "$BASE_SITE" --no-setup-db --db-name "$(site_database "$BASE_SITE")" --db-password "$password" --admin-password admin
	dump_site "$BASE_SITE" "$(base_stage_dump)"
}

run_setup_wizard() { in_sites "$BENCH/env/bin/python" "$LINKED/script/lib/python/setup_wizard.py" "$BASE_SITE"; }

keep_base_dump() {
	local old
	as_bench mv "$(base_stage_dump)" "$(base_dump)"
	drop_site "$BASE_SITE"
	for old in "$BENCH"/base/*.sql.gz; do
		[[ $old == "$(base_dump)" ]] || as_bench rm -f "$old"
	done
}

# Counted for "[n/m]": keep in step with the calls below.
platform_step_count() { echo $((13 + 2 * ($(app_names | wc -l) - 1) + (FRONTENDS == 1))); }

set_up_platform() {
	local sources base app
	sources=$(sources_key)
	base=$(platform_key)
	if stamp_is base-company "$base" && [[ ! -f $(base_dump) ]]; then
		for app in $(app_names) company; do stamp_clear "base-$app"; done
	fi
	step "System packages" packages "$({ wanted_packages; node_major; find_python || true; } | hash_of)" install_machine
	step "MariaDB" '' '' prepare_database
	step "bench" bench-cli "$BENCH_CLI_PACKAGES" install_bench_cli
	step "yarn 1" yarn 1 install_yarn
	step "frappe $(pin_title frappe)" source-frappe "$(pin_of frappe)" fetch_frappe
	step "The bench in $BENCH" bench "$(pin_of frappe)" init_bench
	write_common_config
	step "Redis" '' '' start_redis
	for app in $(app_names | tail -n +2); do
		step "$app $(pin_title "$app")" "source-$app" "$(pin_of "$app") $(stamp_read bench)" fetch_source "$app" "$BENCH/apps/$app"
	done
	step "Python packages of the apps" python-packages "$sources" install_python_packages
	step "Node packages of the apps" node-packages "$sources" install_node_packages
	[[ $FRONTENDS != 1 ]] || step "Front ends of the apps" front-ends "$sources" build_front_ends
	step "Desk's scripts and styles" assets "$sources" build_assets
	step "Translations" translations "$sources" compile_translations
	stamp_is sources "$sources" || stamp_write sources "$sources"
	step "Base site: Frappe" base-frappe "$base" make_base_site
	for app in $(app_names | tail -n +2); do
		step "Base site: $app" "base-$app" "$base" base_stage frappe --site "$BASE_SITE" install-app "$app"
	done
	step "Base site: a company" base-company "$base" finish_base_site
	stamp_is platform "$base" || stamp_write platform "$base"
}

install_machine() {
	install_packages
	install_node
	install_python
}

finish_base_site() {
	if [[ -f $(base_dump) ]] && ! site_exists "$BASE_SITE"; then return; fi
	base_stage run_setup_wizard
	keep_base_dump
}

pin_title() { pin_of "$1" | awk '{print $4 == "-" ? $3 : $3 " " substr($4, 1, 7)}'; }
