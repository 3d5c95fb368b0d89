/**
 * The cabinet's mark, a sun over a wave on a blue tile. It is decorative, because the name is
 * always beside it.
 */
export function Mark() {
  return (
    <svg class="mark" viewBox="0 0 40 40" width="36" height="36" aria-hidden="true" focusable="false">
      <rect width="40" height="40" rx="9" fill="#0a5fa8" />
      <circle cx="20" cy="15" r="6" fill="#f2b41b" />
      <path
        d="M6 27c5-5 9-4 14-1s9 4 14-1"
        fill="none"
        stroke="#fff"
        stroke-width="3"
        stroke-linecap="round"
      />
    </svg>
  );
}
