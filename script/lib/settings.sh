# shellcheck shell=bash
# The settings: from the environment, else as the bench keeps them from an earlier run, else the default.

# NAME|default|kept by the bench (1) or asked for at each run (0). README.md has the table for people; a test compares.
readonly SETTINGS='
BENCH_USER||0
BENCH||0
FRAPPE||1
GIT_BASE|https://github.com|1
HOST|127.0.0.1|1
PORT|8000|1
SITE|orchestrator.localhost|1
TEST_SITE|orchestrator-test.localhost|1
TEST_PROCESSES||0
ADMIN_PASSWORD||1
DB_HOST|127.0.0.1|1
DB_PORT|3306|1
DB_ROOT_USER|root|0
DB_ROOT_PASSWORD||0
REDIS_CACHE||1
REDIS_QUEUE||1
FRONTENDS|0|1
MIN_DISK_GB|10|0
REQUIRE_BENCH|0|0
'

# load_place: whose bench, of which Frappe, and where. Everything else may be kept inside it.
load_place() {
	local caller
	caller=$(id -un)
	if [[ $caller == root ]]; then caller=frappe; fi
	BENCH_USER=${ORCHESTRATOR_BENCH_USER:-$caller}
	[[ $BENCH_USER != root ]] || die "$EXIT_USAGE" "bench refuses to run as root. Set ORCHESTRATOR_BENCH_USER to another user's name; it is created if missing."
	[[ $EUID -eq 0 || $caller == "$BENCH_USER" ]] || die "$EXIT_USAGE" "Only root can set up a bench for another user. Run this with sudo, or without ORCHESTRATOR_BENCH_USER."
	BENCH_HOME=$(getent passwd "$BENCH_USER" | cut -d: -f6) || true
	BENCH_HOME=${BENCH_HOME:-/home/$BENCH_USER}
	choose_line
	SETUP_LOG=/dev/null
}

# load_settings: sets GIT_BASE, PORT and so on for the rest of the script.
load_settings() {
	local name default kept variable
	while IFS='|' read -r name default kept; do
		[[ -n $name && ! $name =~ ^(BENCH|BENCH_USER|FRAPPE)$ ]] || continue
		variable=ORCHESTRATOR_$name
		if [[ -n ${!variable:-} ]]; then
			printf -v "$name" '%s' "${!variable}"
		elif [[ $kept == 1 ]] && kept_has "$name"; then
			printf -v "$name" '%s' "$(kept_get "$name")"
		else
			printf -v "$name" '%s' "$default"
		fi
	done <<<"$SETTINGS"
	GIT_BASE=${GIT_BASE%/}
	if [[ -z ${ORCHESTRATOR_PORT:-} ]] && ! kept_has PORT; then PORT=$(web_port_beside_other_line "$PORT"); fi
	TEST_PROCESSES=${TEST_PROCESSES:-$(default_test_processes)}
	check_number TEST_PROCESSES "$TEST_PROCESSES" "$MOST_TEST_PROCESSES"
	# shellcheck disable=SC2153 # set above, by name
	check_number PORT "$PORT" 65535
	check_number DB_PORT "$DB_PORT" 65535
	check_number MIN_DISK_GB "$MIN_DISK_GB" 100000
	# shellcheck disable=SC2153
	check_site_name SITE "$SITE"
	check_site_name TEST_SITE "$TEST_SITE"
	[[ $SITE != "$TEST_SITE" ]] || die "$EXIT_USAGE" "ORCHESTRATOR_SITE and ORCHESTRATOR_TEST_SITE are both $SITE. The test site is made anew by each run: give it another name."
}

# web_port_beside_other_line PORT: the next one where the other line's bench of this user has that one.
web_port_beside_other_line() {
	local other
	other=$(default_bench "$((31 - FRAPPE))")/.orchestrator/settings
	if [[ ${other%/.orchestrator/settings} != "$BENCH" ]] && grep -qsx "PORT=$1" "$other"; then echo "$(($1 + 1))"; else echo "$1"; fi
}

# Each process takes two of Redis's sixteen databases, and two more for a bench without the app.
readonly MOST_TEST_PROCESSES=4
default_test_processes() {
	local cores
	cores=$(nproc)
	printf '%s' $((cores < MOST_TEST_PROCESSES ? cores : MOST_TEST_PROCESSES))
}

check_number() {
	[[ $2 =~ ^[0-9]{1,6}$ && $2 -le $3 ]] || die "$EXIT_USAGE" "ORCHESTRATOR_$1 must be a number up to $3, not \"$2\"."
}

check_site_name() {
	[[ $2 =~ ^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$ ]] || die "$EXIT_USAGE" "ORCHESTRATOR_$1 must be a host name in small letters, not \"$2\"."
}

# --- what the bench keeps (NAME=value a line, never run as code) ---
kept_get() { sed -n "s/^$1=//p" "$BENCH_STATE/settings" 2>/dev/null | tail -n 1; }
kept_has() { grep -q "^$1=" "$BENCH_STATE/settings" 2>/dev/null; }
kept_set() {
	[[ $(kept_get "$1") != "$2" ]] || return 0
	{
		grep -v "^$1=" "$BENCH_STATE/settings" 2>/dev/null || true
		printf '%s=%s\n' "$1" "$2"
	} | write_for_bench "$BENCH_STATE/settings" 600
}

# keep_settings: later runs need no environment to continue the same way.
keep_settings() {
	local name default kept
	while IFS='|' read -r name default kept; do
		if [[ $kept == 1 && -n ${!name:-} ]]; then kept_set "$name" "${!name}"; fi
	done <<<"$SETTINGS"
}

# --- ports of this bench's own services: picked once, kept ---
port_taken() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

# reserve_port PORT: fails if something listens there, or if a run for another bench chose it and is yet to start its
# service. The reservation ends with this run.
reserve_port() {
	local lock=${TMPDIR:-/tmp}/frappe-orchestrator-port-$1 reservation
	[[ -e $lock ]] || (: >>"$lock") 2>/dev/null || true
	{ exec {reservation}<"$lock"; } 2>/dev/null || return
	if ! flock -n "$reservation" || port_taken "$1"; then
		exec {reservation}<&-
		return 1
	fi
	RESERVATIONS+=("$reservation")
}

# keep_port NAME FIRST SERVICE: the first free port from FIRST on becomes NAME. A port that the bench chose earlier
# stays, unless someone else took it while our service was stopped.
keep_port() {
	local port=$2
	if ! kept_has "$1" || { ! is_running "$3" && ! reserve_port "$(kept_get "$1")"; }; then
		while grep -qs "=$port\$" "$BENCH_STATE/settings" || ! reserve_port "$port"; do port=$((port + 1)); done
		kept_set "$1" "$port"
	fi
	printf -v "$1" '%s' "$(kept_get "$1")"
}

keep_ports() {
	keep_port REDIS_CACHE_PORT 13100 redis_cache
	keep_port REDIS_QUEUE_PORT 11100 redis_queue
	keep_port SOCKETIO_PORT 9100 socketio
	keep_port KIPU_PORT 8790 kipu_simulator
	keep_port TEST_CACHE_PORT 13200 test_cache
	keep_port TEST_QUEUE_PORT 11200 test_queue
}

# --- the pins of the bench's line, read without a JSON tool because a fresh machine has none ---
# pins: a line "app url branch commit" each; commit is "-" where the branch is a tag.
pins() {
	sed -nE 's/.*"url": *"([^"]+)", *"branch": *"([^"]+)"(, *"commit": *"([^"]+)")?.*/\1 \2 \4/p' "$CHECKOUT/$(pins_file "$FRAPPE")" |
		while read -r url branch commit; do printf '%s %s %s %s\n' "${url##*/}" "$url" "$branch" "${commit:--}"; done
}
pin_of() { pins | awk -v app="$1" '$1 == app'; }
app_names() { pins | cut -d' ' -f1; }
