// The dashboard alone on the screen. Escape leaves, as does the button.
frappe.provide("orchestrator.metrics");

orchestrator.metrics.FullScreen = class FullScreen {
	constructor(view) {
		this.view = view.attr("tabindex", -1);
		const head = $(`<header class="metrics-full-head"><h3></h3></header>`).prependTo(view);
		this.title = head.find("h3");
		this.button = $(`<button class="btn btn-default btn-sm"></button>`)
			.text(__("Exit Full Screen"))
			.on("click", () => this.leave())
			.appendTo(head);
		document.addEventListener("fullscreenchange", () => document.fullscreenElement || this.leave());
		document.addEventListener("keydown", (event) => this.handle_key(event));
	}

	get is_on() {
		return this.view.hasClass("is-full-screen");
	}

	async enter(title) {
		this.title.text(title);
		this.before = document.activeElement;
		this.view.addClass("is-full-screen");
		this.button.trigger("focus");
		// A browser may refuse, as phones do: then the dashboard fills the window.
		await document.documentElement.requestFullscreen?.().catch(() => {});
	}

	leave() {
		if (!this.is_on) return;
		this.view.removeClass("is-full-screen");
		if (document.fullscreenElement) document.exitFullscreen().catch(() => {});
		this.before?.focus?.({ preventScroll: true });
	}

	// An open dialog or list takes the key first.
	handle_key(event) {
		const is_taken = event.defaultPrevented || window.cur_dialog?.display || $(".awesomplete ul:visible, .datepicker.active").length;
		if (event.key === "Escape" && this.is_on && !is_taken) this.leave();
	}
};
