// A page that Back restores from the browser's memory stays hidden until the server says that the
// person is still signed in.

addEventListener('pageshow', async (event) => {
  if (!event.persisted) return;
  const page = document.documentElement;
  page.hidden = true;
  try {
    const answer = await fetch('/services', { method: 'HEAD', redirect: 'manual', cache: 'no-store' });
    if (answer.ok) page.hidden = false;
    else location.replace('/sign-in');
  } catch {
    location.reload();
  }
});
