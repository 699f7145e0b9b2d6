// What pages can do better with a script: copy, the viewer's own time, themes, shortcuts, tooltips, ticking many rows.
// Nothing needs it. The islands (app/src/islands) are Leptos's, and nothing here looks into what they draw.

const root = document.documentElement;
const $ = (selector, within = document) => within.querySelector(selector);
const $$ = (selector, within = document) => [...within.querySelectorAll(selector)];
const set = (node, text) => node && node.nodeValue !== text && (node.nodeValue = text);

// Time

const zone = Intl.DateTimeFormat().resolvedOptions().timeZone ?? 'UTC';
const exact = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeStyle: 'long', timeZone: zone });
const day = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short', timeZone: zone });
const dayYear = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short', year: 'numeric', timeZone: zone });
const clock = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', timeZone: zone });

const relative = at => {
  const seconds = Math.round((Date.now() - at) / 1000);
  const size = Math.abs(seconds);
  const said = text => (seconds < 0 ? `in ${text}` : `${text} ago`);
  if (size < 5) return 'now';
  if (size < 60) return said(`${size} s`);
  if (size < 3600) return said(`${Math.floor(size / 60)} min`);
  if (size < 86400) return said(`${Math.floor(size / 3600)} h`);
  if (size < 7 * 86400) return said(`${Math.floor(size / 86400)} d`);
  return (new Date(at).getFullYear() === new Date().getFullYear() ? day : dayYear).format(at);
};

const times = () => {
  for (const time of $$('time.moment')) {
    const at = Date.parse(time.dateTime);
    if (Number.isNaN(at)) continue;
    set(time.firstChild, relative(at));
    const title = exact.format(at);
    if (time.title !== title) time.title = title;
  }
};

// Plots

const heights = path => path.dataset.heights.split(' ').map(Number);

// The same drawing as the server's, without what is switched off.
const restack = plot => {
  const base = [];
  for (const bar of $$('.bar', plot)) {
    const gap = Number(bar.dataset.gap);
    const hidden = bar.hasAttribute('data-off');
    const d = heights(bar).map((height, x) => {
      if (hidden || !height) return '';
      const y = 1000 - (base[x] ?? 0);
      base[x] = (base[x] ?? 0) + height;
      return `M${x + gap / 200} ${y}v-${height}h${1 - gap / 100}v${height}z`;
    });
    bar.setAttribute('d', d.join(''));
  }
};

// What is switched off stays so when a newer drawing comes: "title of the plot, name of the series".
const off = new Set();
const nameOf = item => `${$('h2, h3, figcaption', item.closest('.plot'))?.textContent}, ${$('.legend-name', item).textContent}`;

const pressed = item => $('button', item)?.getAttribute('aria-pressed');

const toggle = item => {
  const plot = item.closest('.plot');
  const hide = pressed(item) === 'true';
  if (hide) off.add(nameOf(item));
  else off.delete(nameOf(item));
  $('button', item).setAttribute('aria-pressed', String(!hide));
  for (const mark of $$(`.marks [data-series="${item.dataset.series}"]`, plot)) mark.toggleAttribute('data-off', hide);
  dim();
  restack(plot);
};

const plots = () => {
  for (const plot of $$('.plot')) {
    const canvas = $('.plot-canvas', plot);
    if (!canvas || canvas.dataset.ready) continue;
    canvas.dataset.ready = 'true';
    // A <title> would pop up over the tooltip.
    const title = $('title', canvas);
    canvas.setAttribute('aria-label', `${title.textContent}. Arrow keys tell the values.`);
    canvas.removeAttribute('aria-labelledby');
    title.remove();
    canvas.setAttribute('tabindex', '0');
    const items = $$('.legend > li', plot);
    if (items.length > 1) {
      for (const item of items) {
        const button = document.createElement('button');
        button.type = 'button';
        button.setAttribute('aria-pressed', 'true');
        button.append(...item.childNodes);
        item.append(button);
      }
      items[0].parentNode.setAttribute('aria-label', 'Shown in the plot');
      for (const item of items) if (off.has(nameOf(item))) toggle(item);
    }
    const clocks = $$('[data-clock]', plot);
    for (const label of clocks) set(label.firstChild, clock.format(Number(label.dataset.clock) / 1000));
    for (const cell of $$('th[data-at]', plot)) {
      set(cell.firstChild, cell.firstChild.nodeValue.replace(/^\d\d:\d\d/, clock.format(Number(cell.dataset.at) / 1000)));
    }
    if (clocks.length) set($('thead th', plot).firstChild, 'Time');
  }
};

// Only the series under the pointer stays bright.
const dim = item => {
  for (const mark of $$('.marks [data-dim]')) mark.removeAttribute('data-dim');
  if (!item || pressed(item) !== 'true') return;
  for (const mark of $$('.marks [data-series]', item.closest('.plot'))) {
    mark.toggleAttribute('data-dim', mark.dataset.series !== item.dataset.series);
  }
};

let tip;
let shown;

const hideTip = () => {
  tip?.remove();
  $('.cursor', shown)?.remove();
  shown = undefined;
};

const showTip = (canvas, step) => {
  const plot = canvas.closest('.plot');
  const area = $('.marks', canvas);
  const steps = area.viewBox.baseVal.width;
  step = Math.max(0, Math.min(steps - 1, step));
  if (shown === plot && Number(tip.dataset.step) === step) return;
  hideTip();
  shown = plot;
  const row = $(`tr[data-step="${step}"]`, plot);
  const names = $$('.legend > li', plot);
  tip = document.createElement('div');
  tip.className = 'tip';
  tip.setAttribute('role', 'status');
  tip.dataset.step = step;
  const head = document.createElement('strong');
  head.textContent = row ? $('th', row).textContent : 'Nothing here';
  tip.append(head);
  const list = document.createElement('dl');
  // As in the picture: the topmost first.
  const cells = row ? $$('td', row).map((cell, i) => [cell.textContent, names[i]]) : [];
  if ($('.bar', plot)) cells.reverse();
  for (const [text, name] of cells) {
    if (!name || pressed(name) === 'false' || text === '$0.00' || text === '–') continue;
    const [dt, dd] = [document.createElement('dt'), document.createElement('dd')];
    dt.textContent = $('.legend-name', name).textContent;
    dd.textContent = text;
    list.append($('.swatch', name).cloneNode(), dt, dd);
  }
  tip.append(list);
  document.body.append(tip);
  const cursor = document.createElementNS('http://www.w3.org/2000/svg', 'rect');
  for (const [name, value] of Object.entries({ class: 'cursor', x: step, width: 1, height: 1000 })) {
    cursor.setAttribute(name, value);
  }
  area.prepend(cursor);
  const box = canvas.getBoundingClientRect();
  const left = box.left + (box.width * (step + 0.5)) / steps;
  const wide = tip.offsetWidth;
  const x = left + 12 + wide > innerWidth - 8 ? left - 12 - wide : left + 12;
  tip.style.translate = `${Math.max(8, x)}px ${Math.max(8, box.top)}px`;
};

const tipAt = event => {
  const canvas = event.target.closest?.('.plot-canvas');
  if (!canvas) return hideTip();
  const box = canvas.getBoundingClientRect();
  const steps = $('.marks', canvas).viewBox.baseVal.width;
  showTip(canvas, Math.floor(((event.clientX - box.left) / box.width) * steps));
};

// Tables

// Whether all columns have their place; the style sheet does the rest.
const fits = () => {
  for (const wrap of $$('.table-wrap')) {
    const fit = !wrap.closest('.plot') && wrap.firstElementChild.offsetWidth <= wrap.clientWidth;
    if (wrap.hasAttribute('data-fits') !== fit) wrap.toggleAttribute('data-fits', fit);
  }
};

// Copying

const copy = async button => {
  const target = button.dataset.copy;
  const source = target.startsWith('#') ? $(target) : $(target, button.closest('figure'));
  const label = $('[data-copy-label]', button).firstChild;
  const text = source.value ?? source.textContent;
  try {
    await navigator.clipboard.writeText(text);
    set(label, 'Copied');
    button.dataset.copied = 'true';
  } catch {
    // Not allowed, or not over HTTPS: the text is selected, and the viewer's own shortcut copies it.
    if (source.select) source.select();
    else getSelection().selectAllChildren(source);
    set(label, document.execCommand('copy') ? 'Copied' : 'Selected');
  }
  setTimeout(() => {
    set(label, 'Copy');
    delete button.dataset.copied;
  }, 2000);
};

// Theme: what the system says, or the other one, remembered.

const dark = matchMedia('(prefers-color-scheme: dark)');
const switchTheme = () => {
  const system = dark.matches ? 'dark' : 'light';
  const next = (root.dataset.theme ?? system) === 'dark' ? 'light' : 'dark';
  if (next === system) delete root.dataset.theme;
  else root.dataset.theme = next;
  try {
    if (next === system) localStorage.removeItem('theme');
    else localStorage.setItem('theme', next);
  } catch {
    // Without storage it holds for this page.
  }
};

// Keyboard

const SHORTCUTS = [
  ['Ctrl K', 'Search everything'],
  ['/', 'Search this page'],
  ['c', 'Create a key'],
  ['g o', 'Go to the overview'],
  ['g r', 'Go to requests'],
  ['g k', 'Go to keys'],
  ['g m', 'Go to models'],
  ['t', 'Light or dark'],
  ['?', 'This list'],
];

const showShortcuts = () => {
  const dialog = document.createElement('dialog');
  dialog.className = 'sheet';
  dialog.setAttribute('aria-labelledby', 'shortcuts');
  const heading = document.createElement('h2');
  heading.id = 'shortcuts';
  heading.textContent = 'Keyboard shortcuts';
  const list = document.createElement('dl');
  for (const [keys, what] of SHORTCUTS) {
    const [dt, dd] = [document.createElement('dt'), document.createElement('dd')];
    dt.textContent = what;
    for (const key of keys.split(' ')) {
      const kbd = document.createElement('kbd');
      kbd.textContent = key;
      dd.append(kbd, ' ');
    }
    list.append(dt, dd);
  }
  const close = document.createElement('button');
  close.className = 'button';
  close.textContent = 'Close';
  close.addEventListener('click', () => dialog.close());
  dialog.append(heading, list, close);
  dialog.addEventListener('close', () => dialog.remove());
  dialog.addEventListener('click', event => event.target === dialog && dialog.close());
  document.body.append(dialog);
  dialog.showModal();
};

let leader = 0;
const shortcut = event => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
  if (event.target.closest?.('input, select, textarea, dialog, [contenteditable]')) return;
  const after = Date.now() - leader < 1200;
  leader = 0;
  let target;
  if (after) target = $(`[data-go="${CSS.escape(event.key)}"]`);
  else if (event.key === 'g') leader = Date.now();
  else if (event.key === 'c') target = $('[data-create]') ?? $('a[href="/ui/keys/new"]');
  else if (event.key === '/') target = $('[data-search]');
  else if (event.key === 't') target = $('[data-theme-switch]');
  else if (event.key === '?') {
    event.preventDefault();
    return showShortcuts();
  } else if (event.key === 'Escape') return hideTip();
  if (!target) return;
  event.preventDefault();
  if (target.matches('input')) {
    target.focus();
    target.select();
  } else target.click();
};

const plotKeys = event => {
  const canvas = event.target.closest?.('.plot-canvas');
  const by = { ArrowLeft: -1, ArrowRight: 1, Home: -1e6, End: 1e6 }[event.key];
  if (canvas && by) {
    event.preventDefault();
    const steps = $('.marks', canvas).viewBox.baseVal.width;
    showTip(canvas, (shown === canvas.closest('.plot') ? Number(tip.dataset.step) : steps - 1 - Math.sign(by)) + by);
  }
};

// Selecting rows: the box in the head ticks all, shift ticks from the last one on.

let lastTicked;
const ticks = part => $$('tbody input[name="ids"]', part);
const counted = part => {
  const boxes = ticks(part);
  const count = boxes.filter(box => box.checked).length;
  const all = $('[data-select-all]', part);
  if (all) [all.checked, all.indeterminate] = [count > 0 && count === boxes.length, count > 0 && count < boxes.length];
  part.toggleAttribute('data-selecting', count > 0);
  set($('[data-selected]', part)?.firstChild, String(count));
};

const select = event => {
  const part = event.target.closest?.('[data-bulk]');
  if (!part) return;
  const boxes = ticks(part);
  if (event.target.matches('[data-select-all]')) {
    for (const box of boxes) box.checked = event.target.checked;
  } else if (event.target.matches('input[name="ids"]')) {
    const [from, to] = [boxes.indexOf(lastTicked), boxes.indexOf(event.target)];
    if (event.shiftKey && from >= 0) {
      for (const box of boxes.slice(Math.min(from, to), Math.max(from, to) + 1)) box.checked = event.target.checked;
    }
    lastTicked = event.target;
  } else return;
  counted(part);
};

// Starting

// Shows what is there for scripts; the page's first script has done so already, so that nothing moves.
root.dataset.script = '';

const apply = () => {
  times();
  plots();
  fits();
};

apply();
setInterval(times, 10_000);
const count = () => $$('[data-bulk]').forEach(counted);
count();
// The browser ticks boxes again that were ticked when somebody comes back.
addEventListener('pageshow', count);
// What an island brings in is put right before it is seen. Its own additions, in drawings and at the page's end, are none.
new MutationObserver(records => {
  const others = ({ target }) => target !== document.body && !(target instanceof SVGElement);
  if (records.some(others)) apply();
}).observe(document.body, { subtree: true, childList: true, attributeFilter: ['datetime'] });

let dirty;
document.addEventListener('click', event => {
  const on = selector => event.target.closest?.(selector);
  select(event);
  if (on('[data-copy]')) copy(on('[data-copy]'));
  if (on('[data-theme-switch]')) switchTheme();
  if (on('.legend button')) toggle(on('.legend > li'));
  for (const open of $$('.menu[open], .nav-drawer[open]')) {
    if (!open.contains(event.target) || on('.nav-panel a')) open.open = false;
  }
});
document.addEventListener('keydown', event => {
  plotKeys(event);
  shortcut(event);
  if (event.key !== 'Escape') return;
  for (const open of $$('.menu[open], .nav-drawer[open]')) open.open = false;
});
document.addEventListener('pointerover', event => dim(event.target.closest?.('.legend > li')), { passive: true });
document.addEventListener('pointermove', tipAt, { passive: true });
document.addEventListener('pointerdown', tipAt, { passive: true });
document.addEventListener('focusout', event => event.target.closest?.('.plot-canvas') && hideTip());
addEventListener('scroll', hideTip, { passive: true });
addEventListener('resize', fits, { passive: true });
// Opening something in a cell makes its column wider; the event does not bubble.
addEventListener('toggle', fits, { capture: true });
document.addEventListener('input', event => (dirty = event.target.closest?.('form[data-guard]') ?? dirty));
document.addEventListener('submit', () => (dirty = undefined));
addEventListener('beforeunload', event => dirty?.isConnected && event.preventDefault());
