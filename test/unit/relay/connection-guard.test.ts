import { Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import { ConnectionGuard, guardErrors } from '../../../src/relay/connection-guard';

class FakeSocket extends Socket {
  constructor(
    private readonly port: number,
    private readonly address = '192.0.2.1',
  ) {
    super();
  }

  override get remoteAddress(): string {
    return this.address;
  }

  override get remotePort(): number {
    return this.port;
  }
}

describe('connection guard', () => {
  it('SEC-14 admits so many of one address that have shown nothing, and forgets those that are gone', () => {
    const guard = new ConnectionGuard(2);
    const [one, two, three] = [1, 2, 3].map((port) => new FakeSocket(port)) as [Socket, Socket, Socket];
    expect([one, one, two, three].map((socket) => guard.admit(socket))).toEqual([true, true, true, false]);
    expect(guard.admit(new FakeSocket(3, '192.0.2.2'))).toBe(true);
    one.emit('close');
    expect(guard.size).toBe(2);
    expect(guard.admit(three)).toBe(true);
    guard.prove(three);
    guard.prove(three);
    expect(guard.admit(new FakeSocket(4))).toBe(true);
    expect(guard.admit(new FakeSocket(5))).toBe(false);
  });

  it('SEC-14 TLS and the TCP socket below it count as one connection', () => {
    const guard = new ConnectionGuard(1);
    for (let port = 1; port <= 3; port++) {
      const [below, tls] = [new FakeSocket(port), new FakeSocket(port)];
      expect(guard.admit(below)).toBe(true);
      guard.expectTls(below);
      expect(guard.admit(tls)).toBe(true);
      expect(guard.admit(new FakeSocket(9))).toBe(false);
      guard.prove(tls);
    }
    expect(guard.size).toBe(3);
  });

  it('SEC-25 a socket gets one listener for errors, however often it is asked for', () => {
    const socket = new FakeSocket(1);
    guardErrors(socket);
    guardErrors(socket);
    expect(socket.listenerCount('error')).toBe(1);
    socket.emit('error', new Error('reset'));
    expect(socket.destroyed).toBe(true);
  });

  it('all sockets of a guard share one listener', () => {
    const guard = new ConnectionGuard(10);
    const sockets = [1, 2].map((port) => new FakeSocket(port));
    for (const socket of sockets) guard.admit(socket);
    expect(sockets[0]!.listeners('close')).toEqual(sockets[1]!.listeners('close'));
  });
});
