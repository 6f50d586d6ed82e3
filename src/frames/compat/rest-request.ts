import { isFieldValue, isToken } from '../http-headers';
import { basicAuthorization } from '../node/target';

/** Headers and parameters of the next requests, as an application sets them. @internal */
export class RestRequest {
  /** Value of the Host header, in place of the name that was connected to. */
  host = '';
  #headers: (readonly [name: string, value: string])[] = [];
  #query: (readonly [name: string, value: string])[] = [];
  #pathParams: (readonly [name: string, value: string])[] = [];

  header(name: string): string | undefined {
    return this.#headers.find(([other]) => isSame(other, name))?.[1];
  }

  /** @throws TypeError for what must not stand in a header; the text repeats no value. */
  setHeader(name: string, value: string): void {
    if (!isToken(name)) throw new TypeError('The header name is no token.');
    if (!isFieldValue(value)) {
      throw new TypeError(`The value of header ${name} holds a character that must not be sent.`);
    }
    this.removeHeader(name);
    if (isSame(name, 'host')) this.host = value;
    else this.#headers.push([name, value]);
  }

  removeHeader(name: string): void {
    if (isSame(name, 'host')) this.host = '';
    this.#headers = this.#headers.filter(([other]) => !isSame(other, name));
  }

  clearHeaders(): void {
    this.#headers = [];
    this.host = '';
  }

  setBasic(username: string, password: string): void {
    this.setHeader('Authorization', basicAuthorization({ username, password }));
  }

  setParameter(name: string, value: string): void {
    this.removeParameter(name);
    this.#query.push([name, value]);
  }

  removeParameter(name: string): void {
    this.#query = this.#query.filter(([other]) => other !== name);
  }

  clearParameters(): void {
    this.#query = [];
  }

  setPathParameter(name: string, value: string): void {
    if (name === '') throw new TypeError('The name of a path parameter is empty.');
    this.#pathParams = [...this.#pathParams.filter(([other]) => other !== name), [name, value]];
  }

  clearPathParameters(): void {
    this.#pathParams = [];
  }

  /** All headers as they are to be sent. @param host - Value of Host when none was set. */
  allHeaders(host: string): (readonly [string, string])[] {
    return [['Host', this.host === '' ? host : this.host], ...this.#headers];
  }

  /** @throws TypeError for what must not stand in a request line. */
  path(uriPath: string): string {
    let path = uriPath.startsWith('/') ? uriPath : `/${uriPath}`;
    for (const [name, value] of this.#pathParams) path = path.split(name).join(encodeURIComponent(value));
    const query = new URLSearchParams(this.#query.map(([name, value]) => [name, value])).toString();
    if (query !== '') path += `${path.includes('?') ? '&' : '?'}${query}`;
    if (/^\/[\x21\x22\x24-\x7e]*$/.test(path)) return path;
    throw new TypeError('The path holds a character other than visible ASCII, or a fragment.');
  }
}

function isSame(name: string, other: string): boolean {
  return name.toLowerCase() === other.toLowerCase();
}
