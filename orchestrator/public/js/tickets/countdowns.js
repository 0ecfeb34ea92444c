// The countdowns of a page of tickets: fetched with one call, counted here, and fetched again only when something else
// happens than the passing of time, such as the end of the working day.
(() => {
	const tickets = orchestrator.tickets;
	const TICK = 20000; // milliseconds
	const MIN_PAUSE = 60; // seconds between two calls
	const MAX_JITTER = 10; // seconds, so that all open pages do not ask at once

	tickets.Countdowns = class Countdowns {
		// `is_shown` says whether the page is still in view; `show` gets the countdowns by the name of the ticket.
		constructor(doctype, is_shown, show) {
			Object.assign(this, { doctype, is_shown, show, names: [], rows: {}, requested: 0 });
			this.timer = setInterval(() => this.tick(), TICK);
		}

		async load(names) {
			this.names = names.map(String);
			const number = ++this.requested;
			if (!this.names.length) return;
			const page = await tickets.fetch("get_sla_countdowns", { doctype: this.doctype, names: this.names });
			if (number !== this.requested) return;
			this.fetched_at = this.counted_at = Date.now();
			this.rows = Object.fromEntries(page.countdowns.map((row) => [row.issue, row]));
			const changes = page.countdowns.map((row) => row.changes_in_seconds).filter((seconds) => seconds !== null);
			const wait = Math.max(Math.min(...changes), MIN_PAUSE) + Math.random() * MAX_JITTER;
			this.next_call = changes.length ? this.fetched_at + wait * 1000 : null;
			this.show(this.rows);
		}

		tick() {
			if (document.visibilityState !== "visible" || !this.is_shown() || !this.counted_at) return;
			const now = Date.now();
			const passed = (now - this.counted_at) / 1000;
			this.counted_at = now;
			for (const row of Object.values(this.rows)) if (row.is_counting) row.working_seconds_left -= passed;
			if (this.next_call && now >= this.next_call) {
				this.next_call = null;
				this.load(this.names);
			} else this.show(this.rows);
		}

		stop() {
			clearInterval(this.timer);
			this.requested++;
		}
	};
})();
