import type { CheckedLogin } from '../../src/relay/events';
import type { AccountPlan } from './plan';

interface Credentials {
  readonly plan: AccountPlan;
  password: string;
  /** Rises with each change of the password; tokens name it. */
  generation: number;
}

const WRONG: CheckedLogin = { ok: false, code: 8 };

/** The account store of all relays: it outlives them, and passwords in it can change. */
export class AccountBook {
  readonly #accounts: readonly Credentials[];

  constructor(plans: readonly AccountPlan[]) {
    this.#accounts = plans.map((plan) => ({ plan, password: plan.password, generation: 1 }));
  }

  passwordOf({ id }: AccountPlan): string {
    return this.#accounts.find(({ plan }) => plan.id === id)!.password;
  }

  changePassword({ id }: AccountPlan): void {
    const account = this.#accounts.find(({ plan }) => plan.id === id)!;
    account.generation += 1;
    account.password = `${account.plan.password}${account.generation}`;
  }

  login(connectName: string, password: string): CheckedLogin {
    const account = this.#find(connectName);
    return account?.password === password ? accept(account) : WRONG;
  }

  /** Whoever shows a token of the present password. */
  resume(connectName: string, generation: string): CheckedLogin {
    const account = this.#find(connectName);
    return account !== undefined && generationOf(account) === generation ? accept(account) : WRONG;
  }

  #find(connectName: string): Credentials | undefined {
    return this.#accounts.find(({ plan }) => plan.connectName === connectName);
  }
}

function accept(account: Credentials): CheckedLogin {
  return { ok: true, account: { ...account.plan, generation: generationOf(account) } };
}

function generationOf({ generation }: Credentials): string {
  return generation.toString(16).padStart(16, '0');
}
