// The title of a page. The head of a page has no title in Frappe 16, only breadcrumbs: there, the title is the last of them.
frappe.provide("orchestrator");

orchestrator.set_page_title = (page, title) => {
	page.set_title(title);
	const head = page.wrapper.find(".page-head");
	if (head.find(".title-text").length) return;
	const trail = head.find(".navbar-breadcrumbs");
	trail.find(".orchestrator-page-title").remove();
	if (trail.children().last().text().trim() === title) return;
	$(`<li class="orchestrator-page-title ellipsis"><a></a></li>`).appendTo(trail).find("a").text(title);
};
