/** Takes `begin` out of the address, so that a reload does not begin again. */
export function beginOnce(): void {
  const query = new URLSearchParams(location.search);
  query.delete('begin');
  history.replaceState(null, '', location.pathname + (query.size > 0 ? `?${query}` : ''));
}
