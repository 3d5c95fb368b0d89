/**
 * The network of an address: /24 of IPv4, /48 of IPv6. Limits apply to networks, so that taking the
 * next address does not evade them.
 */
export function networkOf(address: string): string {
  const mapped = address.toLowerCase().startsWith('::ffff:') ? address.slice(7) : address;
  if (mapped.includes('.')) return `${mapped.split('.').slice(0, 3).join('.')}.0/24`;
  const [head = '', tail] = mapped.split('::');
  const groups = head === '' ? [] : head.split(':');
  if (tail !== undefined) {
    const after = tail === '' ? [] : tail.split(':');
    while (groups.length + after.length < 8) groups.push('0');
    groups.push(...after);
  }
  return `${groups.slice(0, 3).join(':')}::/48`;
}
