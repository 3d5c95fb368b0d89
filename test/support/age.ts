import { spawn, spawnSync } from 'node:child_process';

/** True when age and the program `script` are installed. Otherwise reports what is not tested. */
export function hasAge(): boolean {
  const found = ['age', 'script'].every((name) => spawnSync(name, ['--version']).status === 0);
  if (!found) console.log('age was not found here: no backup is opened by it (apt-get install age).');
  return found;
}

/**
 * Runs `age -d` as a person does. age reads a passphrase only from a terminal, which `script`
 * provides.
 */
export function ageDecrypt(
  from: string,
  to: string,
  passphrase: string,
): Promise<{ readonly code: number | null; readonly out: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn('script', ['-qec', `age -d -o '${to}' '${from}'`, '/dev/null']);
    let out = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      const asked = out.includes('Enter passphrase');
      out += text;
      if (!asked && out.includes('Enter passphrase')) child.stdin.write(`${passphrase}\n`);
    });
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, out }));
  });
}
