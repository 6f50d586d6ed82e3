import { element, label, listOf } from './text.js';

const DEVICE_LIMIT = 200;
const NAME_LIMIT = 1_000;

const TO_DEFAULT = 'default';
const TO_CHOSEN = 'chosen';
const TO_DEVICE = 'device:';

const list = document.getElementById('devices');
const hint = document.getElementById('devices-hint');
const target = document.getElementById('target');
const networksField = document.getElementById('target-networks-field');
const networks = document.getElementById('target-networks');

/** Session id to name, of every device found so far, so that older messages keep their names. */
const names = new Map();
/** This page as a device; undefined while it is not connected. */
let own;
/** What the last search found. */
let found = [];

target.addEventListener('change', showTarget);

/** Takes this page's own name and session id, or undefined when it is not connected. */
export function setOwnDevice(device) {
  own = device;
  if (own === undefined) found = [];
  else names.set(own.sessionId, own.name);
  show();
}

/** Takes what a search has found. */
export function setFoundDevices(devices) {
  found = devices.filter(({ sessionId }) => sessionId !== own?.sessionId).slice(0, DEVICE_LIMIT);
  if (names.size > NAME_LIMIT) names.clear();
  for (const { name, sessionId } of found) names.set(sessionId, name);
  show();
}

export function isKnown(sessionId) {
  return names.has(sessionId);
}

/** What to call a device: its name when it has told one. */
export function labelOf(sessionId) {
  return label(names.get(sessionId) || `session ${sessionId}`);
}

/** Where the next message goes: options of `send` and words for the log; undefined when no network is named. */
export function chosenTarget() {
  if (target.value === TO_DEFAULT) return { options: {}, words: 'all my networks' };
  if (target.value === TO_CHOSEN) {
    const toNetworks = listOf(networks.value);
    return toNetworks.length === 0 ? undefined : { options: { toNetworks }, words: toNetworks.join(', ') };
  }
  const sessionId = target.value.slice(TO_DEVICE.length);
  return { options: { toSessionIds: [sessionId] }, words: labelOf(sessionId) };
}

function show() {
  const devices = own === undefined ? [] : [own, ...found];
  const focused = list.contains(document.activeElement) ? document.activeElement.dataset.session : undefined;
  list.replaceChildren(...devices.map(itemOf));
  if (focused !== undefined) buttonOf(focused)?.focus();
  showOptions(devices);
  showTarget();
  hint.textContent = hintText();
}

function hintText() {
  if (own === undefined) return 'The devices of your networks appear here once the page is connected.';
  if (found.length === 0) return 'No other device has answered yet. Open this page in a second window to add one.';
  return 'Choose a device to send to it alone; choose it again to send to everybody.';
}

function itemOf({ name, sessionId }) {
  const button = element('button', '');
  button.type = 'button';
  button.dataset.session = sessionId;
  button.append(element('span', 'device-name', label(name) || '(no name)'));
  if (sessionId === own.sessionId) button.append(element('span', 'badge', 'this page'));
  button.append(element('span', 'device-id', sessionId));
  button.addEventListener('click', () => toggleTarget(TO_DEVICE + sessionId));
  const item = element('li', '');
  item.append(button);
  return item;
}

function buttonOf(sessionId) {
  return [...list.querySelectorAll('button')].find((button) => button.dataset.session === sessionId);
}

function toggleTarget(value) {
  target.value = target.value === value ? TO_DEFAULT : value;
  showTarget();
}

/** A chosen device that has gone stays chosen: what was meant for it alone must not go to everybody. */
function showOptions(devices) {
  const chosen = target.value || TO_DEFAULT;
  const options = [optionOf('All my networks', TO_DEFAULT), optionOf('Chosen networks', TO_CHOSEN)];
  for (const { sessionId } of devices) {
    const suffix = sessionId === own.sessionId ? ' (this page)' : '';
    options.push(optionOf(labelOf(sessionId) + suffix, TO_DEVICE + sessionId));
  }
  if (!options.some(({ value }) => value === chosen)) {
    options.push(optionOf(`${labelOf(chosen.slice(TO_DEVICE.length))} (gone)`, chosen));
  }
  target.replaceChildren(...options);
  target.value = chosen;
}

function optionOf(text, value) {
  const option = element('option', '', text);
  option.value = value;
  return option;
}

function showTarget() {
  networksField.hidden = target.value !== TO_CHOSEN;
  for (const button of list.querySelectorAll('button')) {
    button.setAttribute('aria-pressed', String(target.value === TO_DEVICE + button.dataset.session));
  }
}
