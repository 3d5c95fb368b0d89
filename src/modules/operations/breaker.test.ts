import { describe, expect, it } from 'vitest';
import { CircuitOpen, createBreaker } from './breaker.ts';

function breaker() {
  const clock = { now: 0 };
  return { clock, breaker: createBreaker({ failures: 2, rest: 100, now: () => clock.now }) };
}

const fails = () => Promise.reject(new Error('down'));
const works = () => Promise.resolve('up');

describe('the circuit breaker', () => {
  it('opens after failures in a row and not after failures apart', async () => {
    const { breaker: circuit } = breaker();
    await expect(circuit.run(fails)).rejects.toThrow('down');
    await circuit.run(works);
    await expect(circuit.run(fails)).rejects.toThrow('down');
    expect(circuit.state()).toBe('closed');
    await expect(circuit.run(fails)).rejects.toThrow('down');
    expect(circuit.state()).toBe('open');
    await expect(circuit.run(works)).rejects.toThrow(CircuitOpen);
  });

  it('lets one trial through after its rest, and rests again when that fails', async () => {
    const { breaker: circuit, clock } = breaker();
    for (let failure = 0; failure < 2; failure += 1) await circuit.run(fails).catch(() => {});
    clock.now = 100;
    expect(circuit.state()).toBe('half-open');
    const trial = circuit.run(fails);
    await expect(circuit.run(works)).rejects.toThrow(CircuitOpen);
    await expect(trial).rejects.toThrow('down');
    expect(circuit.state()).toBe('open');
    clock.now = 200;
    expect(await circuit.run(works)).toBe('up');
    expect(circuit.state()).toBe('closed');
  });
});
