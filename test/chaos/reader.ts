// People who read their requisites, ten a second however long an answer takes. A separate process,
// so that nothing else delays it.
let took: number[] = [];
let timer: NodeJS.Timeout | undefined;

process.on('message', (message: 'taken' | { origin: string; cookies: string[] }) => {
  if (message === 'taken') {
    process.send?.(took);
    took = [];
    return;
  }
  const { origin, cookies } = message;
  let turn = 0;
  clearInterval(timer);
  timer = setInterval(() => {
    turn += 1;
    void read(`${origin}/services/requisites`, cookies[turn % cookies.length] ?? '');
  }, 100);
});

async function read(url: string, cookie: string): Promise<void> {
  const began = performance.now();
  const answer = await fetch(url, { headers: { cookie }, redirect: 'manual' });
  await answer.text();
  if (answer.status !== 200) throw new Error(`a page was answered ${answer.status}`);
  took.push(performance.now() - began);
}
