// A page that was answered under another address (the language switch) shows its own, so that
// reload and bookmark find it.

const { ownPath } = document.body.dataset;
if (ownPath !== undefined) history.replaceState(null, '', ownPath);
