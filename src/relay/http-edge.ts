import type { IncomingMessage, ServerResponse } from 'node:http';
import { BodyBudget, BodyReader } from './body-reader';
import { type ConnectionGuard, guardErrors } from './connection-guard';
import type { RelayDriver } from './driver';
import type { Settings } from './edge-options';
import type { ProtocolRoute } from './events';
import { hostFrom, joinHost } from './host';
import { sendPage, sendPreflight, sendProtocolAnswer, sendRefusal, sendText } from './http-answers';
import { judgeAccess, type Refusal } from './policy';
import { findRoute, type Route } from './routes';

export interface HttpEdgeOptions {
  readonly settings: Settings;
  readonly driver: RelayDriver;
  readonly guard: ConnectionGuard;
  /** Text of `/metrics`. */
  readonly renderMetrics: () => string;
}

const NOT_FOUND: Refusal = { status: 404, message: 'Not found.' };
/** Only the answer to a login names hosts. */
const NO_HOSTS = { ip: '', dn: '' };
const STARTING: Refusal = { status: 503, message: 'This relay is starting.' };
const CLOSED: Refusal = { status: 503, message: 'This relay is closed.' };

/** Requests of `node:http`: found their route, judged, read and handed to the core. */
export class HttpEdge {
  readonly #budget = new BodyBudget();

  constructor(private readonly options: HttpEdgeOptions) {}

  /** What the request is for, without doing anything. */
  routeOf(request: IncomingMessage): Route {
    return findRoute(request.method ?? '', request.url ?? '', this.options.settings.page);
  }

  handle(request: IncomingMessage, response: ServerResponse, route = this.routeOf(request)): void {
    guardErrors(request);
    guardErrors(response);
    const refusal = this.judge(request, route);
    if (refusal !== undefined) return this.#refuse(request, response, refusal);
    const { isClosed, isRestoring } = this.options.driver;
    if (isClosed || isRestoring) return this.#refuse(request, response, isClosed ? CLOSED : STARTING);
    if (route.type === 'protocol') return this.#readProtocol(request, response, route.route);
    response.once('finish', () => this.options.guard.prove(request.socket));
    this.#serve(request, response, route);
  }

  /** The same judgement for requests and upgrades (SEC-23). Probes of an operator come under any host name. */
  judge({ headers, socket }: IncomingMessage, route: Route): Refusal | undefined {
    if (route.type === 'health' || route.type === 'ready') return undefined;
    if (route.type === 'none') return NOT_FOUND;
    const isSecure = 'encrypted' in socket && socket.encrypted === true;
    return judgeAccess(this.options.settings.policy, {
      host: headers.host,
      origin: headers.origin,
      isSecure,
    });
  }

  #serve(
    request: IncomingMessage,
    response: ServerResponse,
    route: Exclude<Route, { type: 'protocol' }>,
  ): void {
    const { driver, renderMetrics } = this.options;
    switch (route.type) {
      case 'preflight':
        return sendPreflight(response);
      case 'health':
        return sendText(response, 200, 'ok');
      case 'ready':
        return driver.core.isDraining
          ? sendText(response, 503, 'draining')
          : sendText(response, 200, 'ready');
      case 'metrics':
        return sendText(response, 200, renderMetrics());
      case 'page': {
        const { ip, dn } = this.#hostsFor(request);
        sendPage(response, route.file, [ip, dn]);
        return this.#limitStall(response);
      }
      default:
        return this.#refuse(request, response, { status: 426, message: 'This address speaks WebSocket.' });
    }
  }

  #refuse(request: IncomingMessage, response: ServerResponse, refusal: Refusal): void {
    sendRefusal(response, refusal);
    request.resume();
  }

  #readProtocol(request: IncomingMessage, response: ServerResponse, route: ProtocolRoute): void {
    const { driver, settings } = this.options;
    const allowsLarge = (start: Uint8Array): boolean => driver.core.allowsLargeBody(route, start);
    new BodyReader({ limits: settings.limits, allowsLarge }, this.#budget).read(
      request,
      ({ bytes, fault }) => {
        const details = {
          body: bytes,
          fault,
          hosts: route === 'login' ? this.#hostsFor(request) : NO_HOSTS,
          remoteAddress: request.socket.remoteAddress ?? '',
        };
        const number = driver.openRequest(route, details, {
          answer: (body, isRefused) => this.#answer(request, response, body, isRefused),
          markHeld: () => this.options.guard.prove(request.socket),
        });
        // Most are answered by now.
        if (!response.writableEnded) response.once('close', () => driver.abortRequest(number));
      },
      () => request.socket.destroy(),
    );
  }

  #answer(request: IncomingMessage, response: ServerResponse, body: Uint8Array, isRefused: boolean): void {
    this.options.guard.prove(request.socket);
    sendProtocolAnswer(response, body, isRefused || this.options.driver.core.isDraining);
    this.#limitStall(response);
  }

  /** An answer that nobody reads is not kept for ever (SEC-16). Node ends the connection when the time is over. */
  #limitStall({ socket }: ServerResponse): void {
    if (socket !== null && socket.writableLength > 0)
      socket.setTimeout(this.options.settings.limits.stalledWriteMs);
  }

  /** What clients are told to connect to (P-47, P-49): configured, or what they used themselves. */
  #hostsFor({ headers, socket }: IncomingMessage): { ip: string; dn: string } {
    const { publicIp, publicHost } = this.options.settings;
    const { localAddress = '127.0.0.1', localPort = 0 } = socket;
    const asked = hostFrom(headers.host) ?? joinHost(localAddress, localPort);
    return { ip: publicIp ?? asked, dn: publicHost ?? asked };
  }
}
