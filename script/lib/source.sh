# shellcheck shell=bash
# The checks of the source that need no site. Every tool says all it finds, a line each.

# check_style BIN COMMAND…: ruff and shellcheck out of the folder BIN. COMMAND runs a program in the checkout.
check_style() {
	local bin=$1 status=0
	shift
	"$@" "$bin/ruff" check --no-cache --output-format concise . || status=1
	"$@" "$bin/ruff" format --no-cache --output-format concise --check . || status=1
	"$@" "$bin/shellcheck" -x -a -f gcc script/clients script/server script/stop script/test script/upgrade .ci/run || status=1
	return "$status"
}

# check_types BIN CACHE COMMAND…: mypy, which remembers in the folder CACHE what it has checked. Without a bench there
# are no types of Frappe, and a comment that ignores one of them has nothing to ignore.
check_types() {
	local bin=$1 cache=$2 options=()
	shift 2
	"$@" "$bin/python" -c 'import importlib.util, sys; sys.exit(not importlib.util.find_spec("frappe"))' || options=(--no-warn-unused-ignores)
	"$@" "$bin/python" -m mypy --cache-dir "$cache" "${options[@]}"
}
