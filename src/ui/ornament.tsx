/**
 * Our ornament, drawn from the ram's horn (қошқар мүйіз) of Kazakh felt and carving: two horns that
 * roll outwards from one stem. Decorative.
 */
export function Ornament() {
  return (
    <svg class="ornament" viewBox="0 0 240 132" aria-hidden="true" focusable="false">
      <path d="M120 128V66C120 30 98 8 68 8 42 8 24 26 24 48s16 38 36 38 32-14 32-30-11-25-23-25-19 8-19 17 6 14 13 14M120 66c0-36 22-58 52-58 26 0 44 18 44 40s-16 38-36 38-32-14-32-30 11-25 23-25 19 8 19 17-6 14-13 14M8 100c26 24 66 28 112 28s86-4 112-28M120 40 110 24l10-16 10 16z" />
    </svg>
  );
}
