// The tables: sorting, choosing, and writing the rows of a list too long for the page.
// One part of the page's script: maps/assets.py joins the parts in one function.

const PAGE = 500; // rows written at once when the table is too long to be part of the page

function sortable(head, onSort) {
  Array.prototype.forEach.call(head.querySelectorAll("th"), function (cell, position, cells) {
    var button = make("button", cell.textContent);
    button.type = "button";
    cell.textContent = "";
    cell.appendChild(button);
    cell.setAttribute("aria-sort", "none");
    button.addEventListener("click", function () {
      var rising = cell.getAttribute("aria-sort") !== "ascending";
      Array.prototype.forEach.call(cells, function (other) { other.setAttribute("aria-sort", "none"); });
      cell.setAttribute("aria-sort", rising ? "ascending" : "descending");
      onSort(position, rising ? 1 : -1);
    });
  });
}

function compare(a, b) {
  return typeof a === "number" && typeof b === "number" ? a - b : String(a).localeCompare(String(b));
}

function sortWritten(table) {
  var body = table.tBodies[0];
  sortable(table.tHead, function (position, sign) {
    var rows = Array.prototype.map.call(body.rows, function (row) {
      var cell = row.cells[position];
      return { row: row, key: cell.dataset.order === undefined ? cell.textContent : Number(cell.dataset.order) };
    });
    rows.sort(function (a, b) { return sign * compare(a.key, b.key); });
    rows.forEach(function (one) { body.appendChild(one.row); });
  });
}

// Within a web site the choices stand in the address, by the same codes as those of its lists.
function fromAddress(data, form) {
  if (!data.codes) return;
  var asked = new URLSearchParams(location.search);
  Object.keys(data.codes).forEach(function (key) {
    if (asked.getAll(key).length > 1) return; // the page says so, and `chosen` answers it
    var text = Object.keys(data.codes[key]).find(function (text) { return data.codes[key][text] === asked.get(key); });
    if (text !== undefined) form.elements[key].value = text;
  });
  form.elements.search.value = asked.get("q") || "";
}

function toAddress(data, form) {
  if (!data.codes) return;
  var other = document.getElementById("chosen"); // what only the list can choose by stays in the address
  var asked = new URLSearchParams(other ? other.dataset.src.split("?")[1] : "");
  Object.keys(data.codes).forEach(function (key) {
    var code = data.codes[key][form.elements[key].value];
    if (code) asked.append(key, code);
  });
  if (form.elements.search.value.trim()) asked.set("q", form.elements.search.value.trim());
  var query = asked.toString() ? "?" + asked : "";
  history.replaceState(null, "", location.pathname + query);
  document.getElementById("as-list").href = "/devices" + query;
}

function devicesTable(data, onFilter, addButton) {
  var table = document.getElementById("devices"), body = table.tBodies[0], columns = data.tables.devices.columns;
  var form = document.getElementById("filter"), more = document.getElementById("more");
  var rows = Array.prototype.slice.call(body.rows), order = data.device_states.map(function (_, row) { return row; });
  var limit = more ? PAGE : Infinity;
  var symbols = {};

  function rowElement(row) {
    if (rows[row]) return rows[row];
    var line = make("tr");
    columns.forEach(function (column, position) {
      var cell = make(position ? "td" : "th", textAt(column, row), line);
      if (!position) cell.scope = "row";
      if (column.key === "state") {
        var picture = document.querySelectorAll(".legend .symbol")[data.device_states[row]].cloneNode(true);
        cell.insertBefore(document.createTextNode(" "), cell.firstChild);
        cell.insertBefore(picture, cell.firstChild);
      }
    });
    addButton(line, row);
    rows[row] = line;
    return line;
  }

  var chosen = {}, only = null;
  ["commune", "state", "service"].forEach(function (key) {
    var column = columnOf(data.tables.devices, key), select = form.elements[key];
    make("option", data.words.all, select).value = "";
    Array.from(new Set(column.texts)).forEach(function (text) { make("option", text, select).value = text; });
  });
  fromAddress(data, form);

  function isShown(row) {
    var search = chosen.search;
    return (!only || only.has(textAt(columns[1], row))) && ["commune", "state", "service"].every(function (key) {
      return !chosen[key] || textAt(columnOf(data.tables.devices, key), row) === chosen[key];
    }) && (!search || (textAt(columns[0], row) + " " + textAt(columns[1], row)).toLowerCase().indexOf(search) >= 0);
  }

  function write() {
    var list = order.filter(isShown), count = 0;
    body.textContent = "";
    var part = document.createDocumentFragment();
    list.slice(0, limit).forEach(function (row) { part.appendChild(rowElement(row)); });
    body.appendChild(part);
    if (more) more.hidden = list.length <= limit;
    var all = data.tables.devices.length;
    var numbers = [list.length, all].map(function (n) { return n.toLocaleString(data.language); });
    var told = data.words.shown.replace(/%/g, function () { return numbers[count++]; });
    document.getElementById("shown").textContent = order.length < all ? told + ". " + data.words.coming : told;
  }

  function filter() {
    ["commune", "state", "service"].forEach(function (key) { chosen[key] = form.elements[key].value; });
    chosen.search = form.elements.search.value.trim().toLowerCase();
    write();
    onFilter(isShown);
    toAddress(data, form);
  }

  var sorted = null;
  function sort() {
    if (!sorted) return;
    var column = columns[sorted.position];
    function key(row) { return column.index ? column.index[row] : column.texts[row]; }
    order.sort(function (a, b) { return sorted.sign * compare(key(a), key(b)); });
  }
  sortable(table.tHead, function (position, sign) {
    sorted = { position: position, sign: sign };
    sort();
    write();
  });
  rows.forEach(addButton);
  form.addEventListener("change", function (event) {
    // Leaving the search field changes nothing: rewriting the rows then would swallow the click that left it.
    if (event.target !== form.elements.search) filter();
  });
  form.elements.search.addEventListener("input", filter);
  form.addEventListener("submit", function (event) { event.preventDefault(); });
  form.addEventListener("reset", function () { setTimeout(filter, 0); });
  if (more) more.addEventListener("click", function () { limit += PAGE; write(); });
  form.hidden = false;
  var part = document.getElementById("devices-part"); // within a web site, whose own list does without a script
  if (part) part.hidden = false;
  filter();
  var other = document.getElementById("chosen");
  if (other) {
    form.addEventListener("reset", function () { location.assign(location.pathname); });
    fetch(other.dataset.src, { credentials: "same-origin" })
      .then(function (answer) { return answer.json(); })
      .then(function (list) { only = new Set(list); filter(); });
  }
  // Called when the rows up to `end` have come.
  return function (end) {
    var come = [];
    while (order.length < end) { come.push(order.length); order.push(order.length); }
    sort();
    write();
    return come.filter(isShown);
  };
}
