// The data that the page carries, and the cards that popups show of them, always as text.
// One part of the page's script: maps/assets.py joins the parts in one function.

function read() {
  var element = document.getElementById("payload");
  if (element.dataset.src) return fetch(element.dataset.src).then(function (answer) { return answer.json(); });
  if (element.type === "application/json") return Promise.resolve(JSON.parse(element.textContent));
  if (!window.DecompressionStream) return Promise.reject(new Error("no DecompressionStream"));
  var bytes = Uint8Array.from(atob(element.textContent), function (c) { return c.charCodeAt(0); });
  return new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"))).json();
}

// Of a long map, the objects that call for nobody come after it can be used; null where there are none.
function readRest() {
  var address = document.getElementById("payload").dataset.rest;
  if (!address) return Promise.resolve(null);
  return fetch(address).then(function (answer) {
    if (!answer.ok) throw new Error(address + ": " + answer.status);
    return answer.json();
  });
}

function append(data, rest) {
  data.tables.devices.columns.forEach(function (column, position) {
    var rows = column.index ? "index" : "texts";
    column[rows] = column[rows].concat(rest.columns[position]);
  });
  data.device_states = data.device_states.concat(rest.device_states);
}

function textAt(column, row) {
  return column.texts[column.index ? column.index[row] : row];
}

function columnOf(table, key) {
  return table.columns.find(function (column) { return column.key === key; });
}

function placeAt(table, row) {
  var parts = textAt(columnOf(table, "position"), row).split(", ").map(Number);
  return parts.length === 2 && isFinite(parts[0]) && isFinite(parts[1]) ? parts : null;
}

function make(name, text, parent) {
  var element = document.createElement(name);
  if (text !== undefined) element.textContent = text;
  if (parent) parent.appendChild(element);
  return element;
}

function card(title, pairs) {
  var box = make("div");
  box.className = "card";
  box.tabIndex = -1;
  make("h4", title, box).dir = "auto";
  var list = make("dl", undefined, box);
  pairs.forEach(function (pair) {
    make("dt", pair[0], list);
    make("dd", pair[1], list).dir = "auto";
  });
  return box;
}

function rowCard(table, row) {
  var pairs = table.columns.slice(1).map(function (column) { return [column.heading, textAt(column, row)]; });
  return card(textAt(table.columns[0], row), pairs.filter(function (pair) { return pair[1] !== "–"; }));
}

function communeCard(data, row) {
  var all = data.tables.communes, household = data.tables.households, pairs = [];
  all.columns.slice(2).forEach(function (column, k) {
    var count = textAt(column, row), part = textAt(household.columns[k + 2], row);
    if (count === "0") return;
    pairs.push([column.heading, part === "0" ? count : count + " (" + data.words.household_of.replace("%", part) + ")"]);
  });
  return card(textAt(all.columns[0], row), pairs);
}
