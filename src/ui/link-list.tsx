export interface LinkListProps {
  links: readonly { href: string; title: string; description?: string | undefined }[];
}

/** Links to pages, each as a wide block: the list of services. */
export function LinkList({ links }: LinkListProps) {
  return (
    <ul class="link-list">
      {links.map((link) => (
        <li key={link.href}>
          <a href={link.href}>{link.title}</a>
          {link.description !== undefined && <p>{link.description}</p>}
        </li>
      ))}
    </ul>
  );
}
