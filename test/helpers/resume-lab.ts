import { HOME, type LabAccount, type LabSocket, type RelayCoreLab, sessionOf } from './relay-core-lab';

let instances = 0;

/** A session with the extension in a {@link RelayCoreLab}; it counts its attaches and knows its token. */
export class ResumingDevice {
  readonly id: string;
  readonly sessionId: string;
  token: string;
  socket: LabSocket | undefined;
  #counter = 0;

  private constructor(
    public lab: RelayCoreLab,
    readonly instance: string,
    readonly answer: string,
  ) {
    this.id = valueOf(answer, 'id');
    this.sessionId = sessionOf(this.id);
    this.token = valueOf(answer, 'xr');
  }

  static newInstance(): string {
    return `i${(++instances).toString().padStart(9, '0')}${'x'.repeat(12)}`;
  }

  static login(lab: RelayCoreLab, instance = ResumingDevice.newInstance(), account: LabAccount = HOME): ResumingDevice {
    lab.account = account;
    const answer = lab.post('login', `~p=1~cn=a~cp=b~ec=1~x=1~xf=ravd~xi=${instance}`) ?? '';
    if (!answer.startsWith('~e=0')) throw new Error(`login refused: ${answer}`);
    return new ResumingDevice(lab, instance, answer);
  }

  /** Logged in and attached over a WebSocket. */
  static open(lab: RelayCoreLab, networks: readonly string[] = []): ResumingDevice {
    const device = ResumingDevice.login(lab);
    device.attach(0);
    if (networks.length > 0) device.exchange(`~nc=1${networks.map((name) => `~ns=${name}`).join('')}~t=1`);
    return device;
  }

  /** The origin that receivers see. */
  get origin(): string {
    return this.instance.slice(0, 11);
  }

  attachMessage(received: number, counter = ++this.#counter): string {
    return `~id=${this.id}~xr=${this.token}~xh=${received}~z=${counter}~t=1`;
  }

  /** An attach that asks for a new session, should this one be gone. */
  renewMessage(counter?: number): string {
    return this.attachMessage(0, counter).replace(/~t=1$/, `~x=1~xf=ravd~xi=${this.instance}~t=1`);
  }

  /** Attaches over a new WebSocket. @returns What came in the first turn. */
  attach(received: number, message = this.attachMessage(received)): string {
    this.socket = this.lab.open();
    const answer = this.socket.exchange(message);
    if (answer.includes('~rt=a~e=0')) this.token = valueOf(answer, 'xr');
    return answer;
  }

  exchange(message: string): string {
    return this.socket!.exchange(message);
  }

  /** A download that binds the session to long polling. */
  attachPolling(received: number, more = ''): string {
    const answer = this.lab.post('download', `~id=${this.id}~xr=${this.token}~xh=${received}~z=${++this.#counter}${more}`) ?? '';
    if (answer.includes('~xr=')) this.token = valueOf(answer, 'xr');
    return answer;
  }

  /** Body of a following download. */
  downloadBody(received: number, counter = ++this.#counter): string {
    return `~id=${this.id}~xh=${received}~z=${counter}`;
  }
}

export function valueOf(answer: string, key: string): string {
  return new RegExp(`~${key}=([^~]*)`).exec(answer)?.[1] ?? '';
}
