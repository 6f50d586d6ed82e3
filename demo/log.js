import { dataElement, element, label, paragraph } from './text.js';

const ENTRY_LIMIT = 500;
/** How near the end of the log counts as its end. */
const END_PX = 40;

const log = document.getElementById('log');
/** Whether the end of the log is in sight, so that new entries come into sight too. */
let isAtEnd = true;
let isScrollAsked = false;

log.addEventListener('scroll', () => {
  isAtEnd = log.scrollHeight - log.scrollTop - log.clientHeight < END_PX;
});

/** Logs something about the connection itself; the same again only moves the time of the last entry. */
export function logNotice(text, isProblem = false) {
  const last = log.lastElementChild;
  if (last?.classList.contains('notice') && last.lastChild.textContent === ` ${paragraph(text)}`) {
    last.firstChild.replaceWith(timeNow());
    return;
  }
  append(isProblem ? 'notice problem' : 'notice', [timeNow(), ` ${paragraph(text)}`]);
}

/** Logs a message that arrived. */
export function logReceived({ from, dataType, data, bytes }, senderLabel) {
  const sender = element('span', 'who', senderLabel);
  sender.dataset.session = from;
  append('received', [headOf('from', sender, dataType), dataElement(data, bytes)]);
}

/** Logs a message on its way out; the result reports its outcome in the same entry. */
export function logSent(recipients, dataType, data) {
  const outcome = element('span', 'outcome', 'sending');
  const head = headOf('to', element('span', 'who', label(recipients)), dataType);
  head.append(outcome);
  isAtEnd = true;
  append('sent', [head, dataElement(data)]);
  return (text, isFailure = false) => {
    outcome.textContent = text;
    outcome.classList.toggle('failed', isFailure);
  };
}

/** Gives a name that was learned late to the messages that came before it. */
export function renameSenders(labelOf) {
  for (const sender of log.querySelectorAll('.who[data-session]')) {
    const text = labelOf(sender.dataset.session);
    if (sender.textContent !== text) sender.textContent = text;
  }
}

export function clearLog() {
  log.replaceChildren();
}

function append(className, parts) {
  const entry = element('div', `entry ${className}`);
  entry.append(...parts);
  log.append(entry);
  while (log.childElementCount > ENTRY_LIMIT) log.firstElementChild.remove();
  if (isAtEnd) scrollToEndSoon();
}

/** Once for all that comes before the next picture: to measure at every entry would make many of them slow. */
function scrollToEndSoon() {
  if (isScrollAsked) return;
  isScrollAsked = true;
  requestAnimationFrame(() => {
    isScrollAsked = false;
    log.scrollTop = log.scrollHeight;
  });
}

function headOf(direction, who, dataType) {
  const head = element('div', 'entry-head');
  head.append(element('span', 'direction', direction), who, element('span', 'type', label(dataType)), timeNow());
  return head;
}

function timeNow() {
  const now = new Date();
  const time = element('time', '', now.toLocaleTimeString());
  time.dateTime = now.toISOString();
  return time;
}
