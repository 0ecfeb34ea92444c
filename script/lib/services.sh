# shellcheck shell=bash
# The bench's processes in the background: process ids in .orchestrator/run, logs in the bench's logs folder.

# A process is known by its id and its start time, so that a reused id is never taken for ours.
is_running() {
	local pid started
	read -r pid started 2>/dev/null <"$BENCH_STATE/run/$1" || return 1
	[[ -r /proc/$pid/stat && $(sed 's/.*) //' "/proc/$pid/stat" 2>/dev/null | cut -d' ' -f20) == "$started" ]]
}

# start_service NAME COMMAND…: from the sites folder, in a session of its own.
start_service() {
	local name=$1
	shift
	is_running "$name" && return
	# shellcheck disable=SC2016
	detached as_bench setsid --fork bash -c 'cd "$1/sites" || exit
		stat=$(sed "s/.*) //" /proc/$$/stat)
		echo "$$ $(echo "$stat" | cut -d" " -f20)" >"$1/.orchestrator/run/$2"
		log=$1/logs/$2.log
		shift 2
		exec "$@" >>"$log" 2>&1' service "$BENCH" "$name" "$@"
}

stop_service() {
	local pid _
	if is_running "$1"; then
		read -r pid _ <"$BENCH_STATE/run/$1"
		as_bench kill -TERM -- "-$pid" 2>/dev/null || true
		for _ in {1..50}; do
			is_running "$1" || break
			sleep 0.2
		done
		if is_running "$1"; then as_bench kill -KILL -- "-$pid" 2>/dev/null || true; fi
	fi
	as_bench rm -f "$BENCH_STATE/run/$1"
}

# wait_for_port NAME PORT SECONDS
wait_for_port() {
	local _
	for _ in $(seq $(($3 * 5))); do
		if port_taken "$2"; then return; fi
		sleep 0.2
	done
	tail -n 20 "$BENCH/logs/$1.log" 2>/dev/null || true
	die "$EXIT_BENCH" "$1 did not answer on port $2 within $3 seconds. Its log says why: $BENCH/logs/$1.log"
}

# start_one_redis NAME PORT OPTIONS…
start_one_redis() {
	local name=$1 port=$2
	shift 2
	start_service "$name" redis-server --bind 127.0.0.1 --port "$port" --dir "$BENCH_STATE/run" --appendonly no "$@"
	wait_for_port "$name" "$port" 10
}

readonly CACHE_OPTIONS=(--save '' --maxmemory 512mb --maxmemory-policy allkeys-lru)

# The bench's own pair, unless the settings name others.
start_redis() {
	[[ -n $REDIS_CACHE ]] || start_one_redis redis_cache "$REDIS_CACHE_PORT" "${CACHE_OPTIONS[@]}"
	[[ -n $REDIS_QUEUE ]] || start_one_redis redis_queue "$REDIS_QUEUE_PORT" --dbfilename queue.rdb
}

# Tests get a pair of their own, so that a running server's workers don't take their jobs.
start_test_redis() {
	[[ -n $REDIS_CACHE ]] || start_one_redis test_cache "$TEST_CACHE_PORT" "${CACHE_OPTIONS[@]}"
	[[ -n $REDIS_QUEUE ]] || start_one_redis test_queue "$TEST_QUEUE_PORT" --save ''
}

use_test_redis() {
	export FRAPPE_REDIS_CACHE=${REDIS_CACHE:-redis://127.0.0.1:$TEST_CACHE_PORT}
	export FRAPPE_REDIS_QUEUE=${REDIS_QUEUE:-redis://127.0.0.1:$TEST_QUEUE_PORT}
}

stop_test_redis() {
	stop_service test_cache
	stop_service test_queue
}

start_web() {
	# DEV_SERVER tells Desk to find live updates on their own port: there is no nginx in front.
	start_service web env DEV_SERVER=1 ORCHESTRATOR_SITE="$SITE" "$BENCH/env/bin/gunicorn" --bind "$HOST:$PORT" --workers 2 --threads 4 \
		--timeout 300 --limit-request-line 8190 --preload --pythonpath "$BENCH/apps/orchestrator/script/lib/python" demo_wsgi:application
	wait_for_port web "$PORT" 60
}

# Live updates ask the site who is there, by the name that the browser used. Browsers take *.localhost to be this
# machine by themselves, the system's resolver often doesn't.
make_site_name_known() {
	getent hosts "$SITE" >/dev/null && return
	if [[ $SITE != *.localhost ]] || ! can_be_root; then
		note "this machine does not know the name $SITE, so Desk shows no live updates. Add it to /etc/hosts: 127.0.0.1 $SITE"
		return
	fi
	printf '127.0.0.1 %s\n' "$SITE" | as_root "Naming $SITE in /etc/hosts" tee -a /etc/hosts >/dev/null
}

start_background() {
	make_site_name_known
	start_service socketio node "$BENCH/apps/frappe/socketio.js"
	start_service worker "$BENCH/env/bin/python" -m frappe.utils.bench_helper frappe worker --queue short,default,long
	start_service schedule "$BENCH/env/bin/python" -m frappe.utils.bench_helper frappe schedule
}

# An invented Kipu for the demo site. The day its history ends is picked once: started anew, it has the same people.
start_kipu_simulator() {
	kept_has KIPU_DAY || kept_set KIPU_DAY "$(date -u +%F)"
	start_service kipu_simulator "$BENCH/env/bin/python" -m orchestrator.kipu_simulator --port "$KIPU_PORT" --as-of "$(kept_get KIPU_DAY)"
	wait_for_port kipu_simulator "$KIPU_PORT" 30
}

readonly SERVER_SERVICES=(web socketio schedule worker kipu_simulator)

stop_server() {
	local name
	for name in "${SERVER_SERVICES[@]}"; do stop_service "$name"; done
}

stop_everything() {
	local name
	stop_server
	for name in redis_cache redis_queue test_cache test_queue; do stop_service "$name"; done
}
