import { describe, expect, it } from 'vitest';
import { BinData, StringBuilder, Task, WebSocket } from '../../../src/compat';
import { text } from '../frames/frame-bytes';
import { withWebSocket } from './lab';

describe('compat: Task', () => {
  it('W6: ReadFrameAsync is loaded, runs, and Cancel aborts it without losing a byte', () =>
    withWebSocket(async ({ ws, peer }) => {
      const task = ws.ReadFrameAsync()!;
      expect([task.Status, task.StatusInt, task.Inert, task.Cancel()]).toEqual(['loaded', 2, true, false]);
      expect([task.Run(), task.Status, task.Live, task.Finished, task.Run()]).toEqual([
        ...[true, 'running', true, false, false],
      ]);
      expect(await task.Wait(10)).toBe(false);
      const whole = text('complete', true)('client');
      peer.write(whole.slice(0, 4));
      expect(task.Cancel()).toBe(true);
      expect(await task.Wait(0)).toBe(true);
      expect([task.Status, task.StatusInt, task.Finished, task.GetResultBool()]).toEqual([
        ...['aborted', 6, true, false],
      ]);
      expect([ws.ReadFrameFailReason, task.ResultType]).toEqual([2, 'bool']);
      expect(task.ResultErrorText).toContain('code: ABORTED');
      peer.write(whole.slice(4));
      expect([await ws.ReadFrame(), ws.GetFrameData()]).toEqual([true, 'complete']);
    }));

  it('SendFrameAsync, SendFrameBdAsync, SendFrameSbAsync, SendPingAsync, SendPongAsync, SendCloseAsync', () =>
    withWebSocket(async ({ ws, peer }) => {
      const [bd, sb] = [new BinData(), new StringBuilder()];
      bd.AppendBinary(Uint8Array.of(1));
      sb.Append('sb');
      const tasks = [
        ws.SendFrameAsync('a', true),
        ws.SendFrameBdAsync(bd, true),
        ws.SendFrameSbAsync(sb, true),
        ws.SendPingAsync('p'),
        ws.SendPongAsync(),
        ws.SendCloseAsync(true, 1000, 'end'),
      ];
      for (const task of tasks) {
        expect([task?.Run(), await task?.Wait(0), task?.Status]).toEqual([true, true, 'completed']);
        expect([task?.GetResultBool(), task?.TaskSuccess, task?.GetResultInt()]).toEqual([true, true, 0]);
        expect([task?.GetResultString(), task?.GetResultBytes()]).toEqual([null, null]);
      }
      expect((await peer.frames(6)).map(({ opcode }) => opcode)).toEqual([1, 2, 1, 9, 10, 8]);
    }));

  it('LoadTaskCaller gives another object the connection of the one that made the task', () =>
    withWebSocket(async ({ ws, peer }) => {
      const task = ws.ReadFrameAsync()!;
      task.Run();
      peer.write(text('shared', true));
      await task.Wait(0);
      const other = new WebSocket();
      expect([other.LoadTaskCaller(task), other.IsConnected, other.GetFrameData()]).toEqual([true, true, 'shared']);
    }));

  it('KeepProgressLog, ProgressLogSize, ProgressInfoName, ProgressInfoValue, PercentDone, HeartbeatMs', () =>
    withWebSocket(async ({ ws, peer }) => {
      const task = ws.ReadFrameAsync()!;
      expect([task.KeepProgressLog, task.HeartbeatMs, task.PercentDone]).toEqual([false, 0, 0]);
      task.KeepProgressLog = true;
      task.Run();
      expect([task.ProgressLogSize, task.PercentDone]).toEqual([1, 0]);
      peer.write(text('hunter2', true));
      await task.Wait(0);
      const entries = Array.from({ length: task.ProgressLogSize }, (_, i) => [
        task.ProgressInfoName(i),
        task.ProgressInfoValue(i),
      ]);
      expect([entries[0], entries.at(-1), task.PercentDone]).toEqual([
        ['status', 'running'],
        ['status', 'completed'],
        100,
      ]);
      expect(entries).toContainEqual(['frameOpcode', 'Text']);
      expect(entries).toContainEqual(['numBytes', '7']);
      expect(entries.flat()).not.toContain('hunter2');
      expect([task.ProgressInfoName(99), task.ProgressInfoValue(-1)]).toEqual([null, null]);
      const quiet = ws.SendPingAsync('')!;
      quiet.Run();
      await quiet.Wait(0);
      expect([quiet.ProgressLogSize, quiet.ProgressInfoName(0)]).toEqual([0, null]);
    }));

  it('an empty task is inert, and neither runs nor waits', async () => {
    const task = new Task();
    expect([task.Status, task.Inert, task.Run(), await task.Wait(0)]).toEqual(['empty', true, false, false]);
    expect([task.GetResultBool(), task.ResultType, task.TaskSuccess]).toEqual([false, '', false]);
    expect(new Task().TaskId).toBeGreaterThan(task.TaskId);
    task.UserData = 'mine';
    await task.SleepMs(1);
    expect(task.UserData).toBe('mine');
  });
});
