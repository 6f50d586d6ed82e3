/** Longest connect name or network name of an account, in UTF-16 units. */
export const MAX_NAME_LENGTH = 256;
const MAX_PASSWORD_LENGTH = 1024;
const MAX_NETWORKS = 1000;
const CONTROL_CHARACTER = /\p{Cc}/u;

/** What is wrong with a connect name, as the end of a sentence; undefined when nothing is. */
export function connectNameProblem(name: unknown): string | undefined {
  return nameProblem(name, 'connect name');
}

/** What is wrong with a new password. The text never holds the password. */
export function passwordProblem(password: unknown): string | undefined {
  if (typeof password !== 'string') return `the password must be a text, not ${typeof password}`;
  if (password === '') return 'the password is empty; choose one of at least one character';
  if (password.length > MAX_PASSWORD_LENGTH) {
    return `the password has ${password.length} characters; use at most ${MAX_PASSWORD_LENGTH}`;
  }
  return undefined;
}

/** What is wrong with a list of allowed networks. */
export function networksProblem(networks: unknown): string | undefined {
  if (!Array.isArray(networks))
    return 'the networks must be a list of names; leave it out to allow all networks';
  if (networks.length === 0) return 'the list of networks is empty; leave it out to allow all networks';
  if (networks.length > MAX_NETWORKS)
    return `there are ${networks.length} networks; use at most ${MAX_NETWORKS}`;
  const problem = networks
    .map((name: unknown) => nameProblem(name, 'network name'))
    .find((text) => text !== undefined);
  if (problem !== undefined) return problem;
  return new Set(networks).size === networks.length
    ? undefined
    : 'a network is named twice; name each one once';
}

function nameProblem(name: unknown, what: string): string | undefined {
  if (typeof name !== 'string') return `the ${what} must be a text, not ${typeof name}`;
  if (name === '') return `the ${what} is empty; give it at least one character`;
  if (name.length > MAX_NAME_LENGTH)
    return `the ${what} has ${name.length} characters; use at most ${MAX_NAME_LENGTH}`;
  return CONTROL_CHARACTER.test(name) ? `the ${what} holds a control character; remove it` : undefined;
}
