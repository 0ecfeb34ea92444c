# shellcheck shell=bash
# What every part of script/ needs: messages, refusals, who runs a command, steps with stamps, the lock.

# Exit codes; README.md explains each under "Troubleshooting".
readonly EXIT_USAGE=2 EXIT_OS=10 EXIT_SUDO=11 EXIT_DISK=12 EXIT_PORT=13 EXIT_GIT=14 EXIT_REGISTRY=15 \
	EXIT_DATABASE=16 EXIT_PYTHON=17 EXIT_NODE=18 EXIT_BENCH=19

# The terminal as the caller sees it; a step's own output goes to the set-up log.
exec {TERMINAL}>&2

say() { printf '%s\n' "$*" >&"$TERMINAL"; }

# note MESSAGE: something that doesn't stop a step; shown after the step's line.
note() { printf 'Note: %s\n' "$*" >>"$BENCH_STATE/notes"; }
# try_again: the step goes on without something; the next run is to do it over.
try_again() { as_bench touch "$BENCH_STATE/try-again"; }
show_notes() {
	[[ ! -s $BENCH_STATE/notes ]] || say "$(<"$BENCH_STATE/notes")"
	rm -f "$BENCH_STATE/notes"
}

# die CODE MESSAGE: what happened and what to do next. Who can go on without a bench asks for the message in a file.
REFUSAL_FILE=''
die() {
	local code=$1
	shift
	if [[ -n $REFUSAL_FILE ]]; then printf '%s\n' "$*" >"$REFUSAL_FILE"; else say "${IN_STEP:+failed$'\n'}Error: $*"; fi
	exit "$code"
}

# guarded COMMAND…: runs it to its first error and leaves its exit code in STATUS. As part of a condition bash
# would go on after errors; its own subshell keeps `set -e` alive, and what it sets stays inside.
STATUS=0
guarded() {
	set +e
	(
		set -e
		"$@"
	)
	STATUS=$?
	set -e
}

have() { command -v "$1" >/dev/null 2>&1; }

random_secret() { od -An -N16 -tx1 /dev/urandom | tr -d ' \n'; }

can_be_root() {
	[[ $EUID -eq 0 ]] && return
	have sudo || return 1
	sudo -n true 2>/dev/null && return
	[[ -t 0 ]] && sudo -v
}

# as_root WHAT COMMAND…: runs the command as root, or says what needs it.
as_root() {
	local what=$1
	shift
	if [[ $EUID -eq 0 ]]; then
		"$@"
	elif can_be_root; then
		sudo -- "$@"
	else
		die "$EXIT_SUDO" "$what needs root. Run this as root, or as a user who may use sudo."
	fi
}

# The bench user starts with a clean environment: these names of the caller's, and what bench_env adds.
readonly PASSED_ENV='^(CI|TERM|LANG|TZ|PYTHONDONTWRITEBYTECODE|PYTEST_.*|NO_COLOR|FORCE_COLOR|PIP_.*|UV_.*|[nN][pP][mM]_[cC][oO][nN][fF][iI][gG]_.*|NODE_EXTRA_CA_CERTS|SSL_CERT_FILE|SSL_CERT_DIR|REQUESTS_CA_BUNDLE|CURL_CA_BUNDLE|GIT_SSL_CAINFO|HTTPS?_PROXY|NO_PROXY|https?_proxy|no_proxy|FRAPPE_REDIS_.*|ORCHESTRATOR_(BENCH|SITE|REQUIRE_BENCH|FRONTENDS))$'

bench_env() {
	local name
	printf '%s\0' "HOME=$BENCH_HOME" "USER=$BENCH_USER" "LOGNAME=$BENCH_USER" "SHELL=/bin/bash" "LANG=${LANG:-C.UTF-8}" \
		"PATH=$BENCH_STATE/node/bin:$BENCH_STATE/yarn/bin:$BENCH_STATE/bench-cli/bin:/usr/local/bin:/usr/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin" \
		"GIT_CONFIG_GLOBAL=$BENCH_STATE/gitconfig" "GIT_TERMINAL_PROMPT=0" "BENCH_DISABLE_UV=1" "MYSQL_HOME=$BENCH_STATE" \
		"npm_config_yarn_offline_mirror=$BENCH_STATE/yarn-mirror" "npm_config_update_notifier=false"
	while IFS= read -r name; do
		[[ $name =~ $PASSED_ENV ]] && printf '%s\0' "$name=${!name}"
	done < <(compgen -e)
	return 0
}

# as_bench COMMAND…: runs the command as the bench user, from a directory that user can be in.
as_bench() {
	local environment
	mapfile -d '' environment < <(bench_env)
	(
		cd "$(as_bench_directory)"
		if [[ $EUID -eq 0 ]]; then
			exec runuser -u "$BENCH_USER" -- env -i "${environment[@]}" "$@"
		else
			exec env -i "${environment[@]}" "$@"
		fi
	)
}
as_bench_directory() { if [[ -d $BENCH ]]; then printf '%s' "$BENCH"; else printf '/'; fi; }

# in_sites COMMAND…: the same, from the bench's sites folder, where Frappe expects to be run.
in_sites() { as_bench env -C "$BENCH/sites" "$@"; }

# frappe ARGUMENTS…: one of Frappe's commands, without the bench CLI around it.
frappe() { in_sites "$BENCH/env/bin/python" -m frappe.utils.bench_helper frappe "$@"; }

# write_for_bench FILE MODE: standard input becomes FILE, whole or not at all.
write_for_bench() {
	# shellcheck disable=SC2016 # the inner shell expands these
	as_bench bash -c 'set -e; umask 077; cat >"$1.part"; chmod "$2" "$1.part"; mv "$1.part" "$1"' write "$1" "$2"
}

# --- stamps: which step was finished, and for which input ---
stamp_read() { cat "$BENCH_STATE/stamps/$1" 2>/dev/null || true; }
stamp_is() { [[ -n $2 && $(stamp_read "$1") == "$2" ]]; }
stamp_write() { printf '%s\n' "$2" | write_for_bench "$BENCH_STATE/stamps/$1" 644; }
stamp_clear() { as_bench rm -f "$BENCH_STATE/stamps/$1"; }

# hash_of: a short name for what comes in on standard input.
hash_of() { sha256sum | cut -c1-16; }

# --- steps ---
STEP=0
STEPS=0

# step TITLE STAMP KEY COMMAND…: runs the command unless STAMP already holds KEY. An empty STAMP always runs.
step() {
	local title=$1 stamp=$2 key=$3 status=0 started=$SECONDS ticker=''
	shift 3
	STEP=$((STEP + 1))
	local line
	line=$(printf '[%2d/%d] %-58s ' "$STEP" "$STEPS" "$title")
	if [[ -n $stamp ]] && stamp_is "$stamp" "$key"; then
		say "${line}ready"
		return
	fi
	printf '%s' "$line" >&"$TERMINAL"
	if [[ -t $TERMINAL ]]; then
		tick "$line" "$started" &
		ticker=$!
	fi
	printf '\n=== %s  %s\n' "$(date -Is)" "$title" >>"$SETUP_LOG"
	# A subshell of its own, called as a plain command: otherwise bash would switch `set -e` off inside it.
	set +e
	(
		set -e
		IN_STEP=1
		"$@"
	) >>"$SETUP_LOG" 2>&1 </dev/null
	status=$?
	set -e
	if [[ -n $ticker ]]; then
		kill "$ticker" 2>/dev/null || true
		wait "$ticker" 2>/dev/null || true
		printf '\r%s' "$line" >&"$TERMINAL"
	fi
	[[ $status -eq 0 ]] || fail_step "$title" "$status"
	say "$((SECONDS - started)) s"
	show_notes
	if [[ -e $BENCH_STATE/try-again ]]; then
		rm -f "$BENCH_STATE/try-again"
	elif [[ -n $stamp ]]; then
		stamp_write "$stamp" "$key"
	fi
}

tick() {
	while sleep 1; do printf '\r%s%d s' "$1" $((SECONDS - $2)) >&"$TERMINAL"; done
}

# The refusals above have said all there is to say; anything else shows the end of the log.
fail_step() {
	if [[ $2 -lt $EXIT_OS || $2 -gt $EXIT_BENCH ]]; then
		say "failed"
		say "--- the last lines of $SETUP_LOG:"
		# Frappe draws its progress bars over and over on one line.
		tail -c 100000 "$SETUP_LOG" | tr '\r' '\n' | grep -v '^Updating ' | tail -n 25 | cut -c1-200 | sed 's/^/    /' >&"$TERMINAL"
		say "Error: \"$1\" failed. Fix what the lines above name and run the same command again: it continues here."
	fi
	exit "$2"
}

# detached COMMAND…: what the command leaves running keeps neither the locks nor the caller's terminal.
RESERVATIONS=()
detached() (
	local reservation
	for reservation in "${RESERVATIONS[@]}"; do exec {reservation}<&-; done
	"$@" </dev/null {TERMINAL}>&- {LOCK}>&-
)

# --- one run at a time ---
exec {LOCK}</dev/null
take_lock() {
	exec {LOCK}>>"$BENCH_STATE/lock"
	if ! flock -n "$LOCK"; then
		say "Another run is using the bench $BENCH; waiting for it to finish."
		flock "$LOCK"
	fi
}
