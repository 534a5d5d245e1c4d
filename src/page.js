/* page.js: keeps a page fresh; a page does without it. */

/*
 * Takes the main part anew every ten seconds, while it is looked at and
 * nobody marks text or has the keyboard in it; what was opened stays open.
 */
(() => {
	'use strict';
	const box = document.getElementById('live');
	const note = document.getElementById('note');
	const main = () => document.querySelector('main');

	const busy = () => {
		const at = document.activeElement;

		return document.hidden || !getSelection().isCollapsed ||
			(main().contains(at) && at.tagName !== 'SUMMARY');
	};

	const keepOpen = (fresh) => {
		for (const old of document.querySelectorAll('details[open]')) {
			const same = fresh.querySelector('#' + old.id);

			if (same)
				same.open = true;
		}
	};

	const swap = (page) => {
		const fresh = page.querySelector('main');
		const at = document.activeElement;
		const id = main().contains(at) ? at.parentElement.id : '';

		keepOpen(fresh);
		main().replaceWith(document.adoptNode(fresh));
		if (id)
			document.querySelector('#' + id + '>summary')?.focus();
		document.title = page.title;
	};

	const refresh = async () => {
		if (!box.checked || busy())
			return;
		try {
			/* Not href: it may hold a password, as typed. */
			const answer = await fetch(
				location.pathname + location.search);

			if (!answer.ok)
				throw new Error(answer.status);
			const page = new DOMParser().parseFromString(
				await answer.text(), 'text/html');
			if (!busy())
				swap(page);
			note.textContent = '';
		} catch {
			note.textContent =
				'Could not be refreshed; this is how it was.';
		}
	};

	if (box) {
		box.parentElement.hidden = false;
		setInterval(refresh, 10000);
	}
})();
