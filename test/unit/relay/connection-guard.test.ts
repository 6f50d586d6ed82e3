import { Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import { ConnectionGuard, guardErrors } from '../../../src/relay/connection-guard';

function socketOf(remotePort: number, remoteAddress = '192.0.2.1'): Socket {
  return Object.defineProperties(new Socket(), {
    remoteAddress: { value: remoteAddress },
    remotePort: { value: remotePort },
  });
}

describe('connection guard', () => {
  it('SEC-14 admits so many of one address that have shown nothing, and forgets those that are gone', () => {
    const guard = new ConnectionGuard(2);
    const [one, two, three] = [socketOf(1), socketOf(2), socketOf(3)];
    expect([one, one, two, three].map((socket) => guard.admit(socket))).toEqual([true, true, true, false]);
    expect(guard.admit(socketOf(3, '192.0.2.2'))).toBe(true);
    one.emit('close');
    expect(guard.size).toBe(2);
    expect(guard.admit(three)).toBe(true);
    guard.prove(three);
    guard.prove(three);
    expect(guard.admit(socketOf(4))).toBe(true);
    expect(guard.admit(socketOf(5))).toBe(false);
  });

  it('SEC-14 TLS and the TCP socket below it count as one connection', () => {
    const guard = new ConnectionGuard(1);
    for (let port = 1; port <= 3; port++) {
      const [below, tls] = [socketOf(port), socketOf(port)];
      expect(guard.admit(below)).toBe(true);
      guard.expectTls(below);
      expect(guard.admit(tls)).toBe(true);
      expect(guard.admit(socketOf(9))).toBe(false);
      guard.prove(tls);
    }
    expect(guard.size).toBe(3);
  });

  it('SEC-25 a socket gets one listener for errors, however often it is asked for', () => {
    const socket = socketOf(1);
    guardErrors(socket);
    guardErrors(socket);
    expect(socket.listenerCount('error')).toBe(1);
    socket.emit('error', new Error('reset'));
    expect(socket.destroyed).toBe(true);
  });

  it('all sockets of a guard share one listener', () => {
    const guard = new ConnectionGuard(10);
    const [one, two] = [socketOf(1), socketOf(2)];
    expect([one, two].map((socket) => guard.admit(socket))).toEqual([true, true]);
    expect(one.listeners('close')).toEqual(two.listeners('close'));
  });
});
