// A page that was sent under another address (by the language switch) shows its own, so that
// reloading and bookmarks work.

const { ownPath } = document.body.dataset;
if (ownPath !== undefined) history.replaceState(null, '', ownPath);
