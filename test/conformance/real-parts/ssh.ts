import { once } from 'node:events';
import { connect as connectTcp, type Socket } from 'node:net';
import { Client, utils } from 'ssh2';
import { partUser, usePart, type Part } from '../../helpers/part';

/** An sshd that lets one key in; the key is made for it. */
export function useSshd(): { part: () => Part; hostKey: string; privateKey: string } {
  const [host, user] = [utils.generateKeyPairSync('ed25519'), utils.generateKeyPairSync('ed25519')];
  const part = usePart('sshd', ({ folder, port }) => ({
    args: ['-D', '-e', '-f', `${folder}/sshd.conf`],
    files: {
      'sshd.conf': [
        'ListenAddress 127.0.0.1',
        `Port ${port}`,
        `HostKey ${folder}/host_key`,
        `AuthorizedKeysFile ${folder}/authorized_keys`,
        'PidFile none',
        // Without root it cannot see for itself whether the account is locked.
        'UsePAM yes',
        'PasswordAuthentication no',
        'KbdInteractiveAuthentication no',
        'StrictModes no',
        '',
      ].join('\n'),
      host_key: host.private,
      authorized_keys: `${user.public}\n`,
    },
  }));
  return { part, hostKey: host.public, privateKey: user.private };
}

/** A client that is let in, and the TCP connection under it. */
export async function openSsh(port: number, privateKey: string): Promise<{ ssh: Client; tcp: Socket }> {
  const tcp = connectTcp({ port, host: '127.0.0.1', noDelay: true });
  const ssh = new Client();
  ssh.connect({ sock: tcp, username: partUser, privateKey });
  await once(ssh, 'ready');
  return { ssh, tcp };
}
