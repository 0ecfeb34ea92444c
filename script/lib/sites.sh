# shellcheck shell=bash
# The demo site and the test site: copies of the base site with Orchestrator installed.

# --- the demo site: made once, then only migrated; a person's work may be in it ---
check_demo_site() {
	[[ -n $(stamp_read "site-$SITE") ]] || ! site_exists "$SITE" ||
		die "$EXIT_USAGE" "The bench has a site $SITE that script/server did not make. Choose another name: ORCHESTRATOR_SITE=demo.localhost script/server"
}

demo_site_is_made() { [[ $(stamp_read "site-$SITE") == made ]] && site_exists "$SITE"; }

make_demo_site() {
	stamp_write "site-$SITE" unfinished
	restore_site "$SITE" "$(base_dump)" ",
 \"host_name\": \"http://$SITE:$PORT\",
 \"kipu_allowed_hosts\": [\"127.0.0.1\"]"
	frappe --site "$SITE" set-admin-password "$ADMIN_PASSWORD"
	frappe --site "$SITE" install-app orchestrator
	load_demo
	frappe --site "$SITE" enable-scheduler
	as_bench rm -f "$BENCH_STATE/token-$SITE"
	stamp_write "migrated-$SITE" "$(code_key)"
	stamp_write "site-$SITE" made
}

load_demo() {
	frappe --site "$SITE" orchestrator demo --kipu "http://127.0.0.1:$KIPU_PORT"
}

migrate_demo_site() { frappe --site "$SITE" migrate; }

# The token is made once and kept, readable by the bench user only.
keep_token() {
	local token
	if [[ ! -s $BENCH_STATE/token-$SITE ]]; then
		token=$(in_sites "$BENCH/env/bin/python" "$LINKED/script/lib/python/demo_access.py" "$SITE" | tail -n 1)
		[[ $token =~ ^[0-9a-f]+:[0-9a-f]+$ ]] || die "$EXIT_BENCH" "Frappe gave no API token. Details: $SETUP_LOG"
		printf '%s' "$token" | write_for_bench "$BENCH_STATE/token-$SITE" 600
	fi
}

# --- the test site: made anew by each run ---
installed_dump() { printf '%s/base/installed-%s-%s.sql.gz' "$BENCH" "$(platform_key)" "$(schema_key)"; }

restore_test_site() {
	restore_site "$1" "$2" ',
 "allow_tests": true,
 "pause_scheduler": 1,
 "host_name": "http://'"$1"'"'
}

# With Orchestrator installed already where this schema was seen before; `migrate` follows either way.
make_test_site() {
	local dump
	dump=$(installed_dump)
	if [[ -f $dump ]]; then
		restore_test_site "$TEST_SITE" "$dump"
	else
		restore_test_site "$TEST_SITE" "$(base_dump)"
		frappe --site "$TEST_SITE" install-app orchestrator
		dump_site "$TEST_SITE" "$dump"
		forget_old_dumps
	fi
}

# The last five schemas are enough for branches in work.
forget_old_dumps() {
	# shellcheck disable=SC2016
	as_bench bash -c 'ls -t "$1"/installed-* | tail -n +6 | xargs -r rm -f' forget "$BENCH/base"
}

migrate_test_site() { frappe --site "$TEST_SITE" migrate; }

# The first process of a test run uses the test site, the others a copy each: tests/conftest.py has the same names.
test_site_of() { if [[ $1 -eq 1 ]]; then printf '%s' "$TEST_SITE"; else printf '%s.%s' "$1" "$TEST_SITE"; fi; }

copy_test_site() {
	local number dump=$BENCH/base/tested.sql.gz
	dump_site "$TEST_SITE" "$dump"
	for ((number = 2; number <= TEST_PROCESSES; number++)); do restore_test_site "$(test_site_of "$number")" "$dump"; done
	as_bench rm -f "$dump"
}

# The site that tests/upgrade fills with an earlier commit's code, which is put beside the bench's settings.
make_upgrade_site() {
	local revision earlier=$BENCH_STATE/earlier
	revision=$(<"$CHECKOUT/tests/upgrade/base-revision")
	git -C "$CHECKOUT" cat-file -e "$revision^{commit}" 2>/dev/null ||
		die "$EXIT_GIT" "The upgrade is tested from commit $revision, which this clone lacks. Fetch the whole history: git fetch --unshallow"
	as_bench rm -rf "$earlier"
	as_bench mkdir -p "$earlier"
	git -C "$CHECKOUT" archive "$revision" orchestrator pyproject.toml | as_bench tar -C "$earlier" --no-same-owner -xf -
	restore_test_site "upgrade.$TEST_SITE" "$(base_dump)"
}
