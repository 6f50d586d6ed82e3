import { expect, it } from 'vitest';
import { describeWith } from '../../helpers/part';
import { runPython } from '../../helpers/python';
import { useRelay } from '../raw/relay-under-test';
import { startOurRelay } from '../raw/start-our-relay';

const SCRIPT = new URL('./exchange.py', import.meta.url).pathname;

describeWith('Python 3')('Python standard library', () => {
  const lab = useRelay(startOurRelay);

  it('V-25 to V-39 P-1 two devices of a Python script do the whole exchange', async () => {
    const { connectName, password } = lab.account();
    const { host, port } = lab.address;
    const args = [SCRIPT, host, String(port), connectName, password];
    expect(await runPython('Python 3', args)).toEqual({ status: 0, output: 'exchange complete\n' });
  });
});
