// Draws the page's data on the map that folium made. Whatever comes from data is written with textContent.
// One part of the page's script: maps/assets.py joins the parts in one function.

const POPUP = { minWidth: 220, maxWidth: 340 };
const BATCH = 9000; // objects that are added before the page listens to its reader again
const PAUSE = 250; // milliseconds in which it is drawn, and its reader may do something
const STEP = 1e-5; // degrees in one step of a square's corners

function drawCells(data, cells, layer) {
  cells.forEach(function (cell) {
    var ring = [[cell[4] * STEP, cell[3] * STEP]];
    for (var k = 5; k < cell.length; k += 2) ring.push([(cell[4] + cell[k + 1]) * STEP, (cell[3] + cell[k]) * STEP]);
    var look = data.symbols.cell;
    L.polygon(ring, { color: look.colour, weight: 0.5, opacity: 0.7, fillColor: look.colour, fillOpacity: look.opacity })
      .bindPopup(function () {
        return card(data.words.square, [
          [data.words.uplinks, String(cell[0])],
          [data.words.gateways, String(cell[1])],
          [data.words.last_on, cell[2]],
        ]);
      })
      .addTo(layer);
  });
}

function drawGateways(data, layer, signs) {
  data.gateway_states.forEach(function (state, row) {
    var place = placeAt(data.tables.gateways, row);
    if (!place) return;
    signs.gateways[row] = new Sign(place, { symbol: data.symbols.gateways[state] })
      .bindPopup(function () { return rowCard(data.tables.gateways, row); }, POPUP)
      .addTo(layer);
  });
}

function makeDevices(data, signs, from, end) {
  data.device_states.slice(from, end).forEach(function (state, k) {
    var row = from + k, place = placeAt(data.tables.devices, row);
    if (!place) return;
    signs.devices[row] = new Sign(place, { symbol: data.symbols.states[state] }).bindPopup(function () {
      return rowCard(data.tables.devices, row);
    }, POPUP);
  });
}

// They are of less concern, one after the other, than what is drawn already: each goes below it.
function addDevices(data, states, signs, rows) {
  rows.forEach(function (row) {
    if (signs.devices[row]) states[data.device_states[row]].addLayer(signs.devices[row]);
  });
  rows.forEach(function (row) { if (signs.devices[row]) signs.devices[row].bringToBack(); });
}

function showDevices(data, states, signs, isShown) {
  Object.keys(states).forEach(function (state) { states[state].clearLayers(); });
  // Those of no concern first, so that the others are drawn above them.
  var rows = Object.keys(signs.devices).filter(function (row) { return isShown(+row); });
  rows.sort(function (a, b) { return data.device_states[b] - data.device_states[a]; });
  rows.forEach(function (row) { states[data.device_states[row]].addLayer(signs.devices[row]); });
}

function drawCommunes(data, layer, map, signs) {
  var rows = {};
  data.communes.forEach(function (commune, row) { rows[commune.code] = row; });
  layer.eachLayer(function (shape) {
    var row = rows[shape.feature.properties.code];
    shape.bindPopup(function () { return communeCard(data, row); }, POPUP);
    signs.communes[row] = shape;
  });
  var total = columnOf(data.tables.communes, "total");
  var names = data.communes
    .map(function (commune, row) { return { commune: commune, row: row }; })
    .filter(function (one) { return one.commune.label; })
    .sort(function (a, b) { return total.index[b.row] - total.index[a.row]; })
    .map(function (one) {
      var box = make("div");
      make("div", textAt(data.tables.communes.columns[0], one.row), box);
      if (one.commune.household) make("div", one.commune.household, box).className = "household";
      var icon = L.divIcon({ className: "commune-name", html: box, iconSize: null });
      return L.marker([one.commune.label[1], one.commune.label[0]], {
        icon: icon, interactive: false, keyboard: false, pane: "names",
      });
    });
  var group = L.layerGroup(names);
  function follow() {
    if (map.hasLayer(layer)) group.addTo(map);
    else group.remove();
    thin(names);
  }
  layer.on("add remove", follow);
  map.on("zoomend resize", follow);
  follow();
}

// Where there is no room, a commune's count gives way first, then its name; those with most objects stay.
function thin(names) {
  var taken = [], gap = 3;
  function clashes(box) {
    return taken.some(function (other) {
      return box.left - gap < other.right && other.left - gap < box.right &&
        box.top - gap < other.bottom && other.top - gap < box.bottom;
    });
  }
  names.forEach(function (name) {
    var element = name.getElement();
    if (!element) return;
    element.classList.remove("bare", "crowded");
    var box = element.firstChild.getBoundingClientRect();
    if (clashes(box)) {
      element.classList.add("bare");
      box = element.firstChild.getBoundingClientRect();
    }
    if (clashes(box)) element.classList.add("crowded");
    else taken.push(box);
  });
}

function start(made) {
  read().then(function (data) { show(made, data); }, function (error) {
    // Only an old browser comes here: the words are in what it could not read.
    if (!/DecompressionStream/.test(error.message)) throw error;
    document.getElementById("message").textContent = document.getElementById("message").dataset.tooOld;
  });
}

function show(made, data) {
  var map = made.map, signs = { devices: {}, gateways: {}, communes: {} }, opener = null;
  fitSigns(map);
  map.on("zoom", function () { fitSigns(map); });
  map.createPane("names").style.zIndex = 450;
  map.getPane("names").style.pointerEvents = "none";
  map.getContainer().setAttribute("role", "application");
  map.getContainer().setAttribute("aria-label", data.words.map);
  L.control.zoom({ zoomInTitle: data.words.zoom_in, zoomOutTitle: data.words.zoom_out }).addTo(map);
  L.control.scale({ imperial: false }).addTo(map);

  if (made.layers.communes) drawCommunes(data, made.layers.communes, map, signs);
  if (made.layers.cells) drawCells(data, data.cells, made.layers.cells);
  if (data.coverage) {
    drawCoverage(data, made.layers, map);
    ["candidates", "gaps"].forEach(function (kind) { drawNumbered(data, kind, made.layers[kind], signs); });
  }
  makeDevices(data, signs, 0, data.device_states.length);
  if (made.layers.gateways) drawGateways(data, made.layers.gateways, signs);

  function restack() {
    if (made.layers.gateways) made.layers.gateways.bringToFront();
    ["hanging", "gap", "covered", "unknown", "cells"].forEach(function (kind) {
      if (made.layers[kind]) made.layers[kind].bringToBack();
    });
    if (made.layers.communes) made.layers.communes.bringToBack();
  }
  map.on("overlayadd", restack);

  if (made.control) {
    // Beside the map, where it hides nothing and a keyboard finds it after the map.
    var panel = document.getElementById("layers");
    panel.insertBefore(made.control.getContainer(), panel.querySelector(".reach"));
    panel.hidden = false;
    map.invalidateSize(); // the panel takes its width from the map
  }

  map.on("popupopen", function (event) {
    var button = event.popup.getElement().querySelector(".leaflet-popup-close-button");
    if (button) { button.setAttribute("aria-label", data.words.close); button.title = data.words.close; }
    if (opener) event.popup.getContent && event.popup.getElement().querySelector(".card").focus({ preventScroll: true });
  });
  map.on("popupclose", function () {
    if (opener) opener.focus();
    opener = null;
  });
  map.getContainer().addEventListener("keydown", function (event) {
    if (event.key === "Escape") map.closePopup();
  });

  function goTo(kind, row, button) {
    var sign = signs[kind][row];
    if (kind === "devices") {
      var layer = made.states[data.device_states[row]];
      if (!map.hasLayer(layer)) map.addLayer(layer);
    } else if (!map.hasLayer(made.layers[kind])) map.addLayer(made.layers[kind]);
    map.closePopup();
    if (sign.getLatLng) map.setView(sign.getLatLng(), Math.max(map.getZoom(), 13), { animate: false });
    else map.fitBounds(sign.getBounds(), { animate: false });
    map.getContainer().scrollIntoView({ block: "center" });
    opener = button;
    sign.openPopup();
  }

  function addButton(kind) {
    return function (line, row) {
      if (!signs[kind][row]) return;
      var cell = line.cells[0], button = make("button", cell.textContent);
      button.type = "button";
      button.className = "go";
      button.title = data.words.show_on_map;
      cell.textContent = "";
      cell.appendChild(button);
      button.addEventListener("click", function () { goTo(kind, row, button); });
    };
  }

  // On paper the map has another size: what is on the screen must be on the sheet.
  window.matchMedia("print").addEventListener("change", function () {
    var view = map.getBounds();
    map.invalidateSize({ animate: false, pan: false }).fitBounds(view, { animate: false });
  });

  ["communes", "gateways", "gaps", "candidates"].forEach(function (kind) {
    if (document.getElementById(kind)) Array.prototype.forEach.call(document.getElementById(kind).tBodies[0].rows, addButton(kind));
  });
  var comeMore = devicesTable(data, function (isShown) {
    showDevices(data, made.states, signs, isShown);
    restack();
  }, addButton("devices"));
  Array.prototype.forEach.call(document.querySelectorAll("table"), function (table) {
    if (table.id !== "devices") sortWritten(table);
  });
  document.documentElement.dataset.ready = "true";
  setTimeout(function () { complete(data, comeMore); }, PAUSE);

  // What comes later goes in by parts, and the page is drawn and listens to its reader between them.
  function complete(data, comeMore) {
    readRest().then(function (rest) {
      if (!rest) return null;
      var from = data.device_states.length;
      append(data, rest);
      return new Promise(function (resolve) {
        function next() {
          if (from >= data.device_states.length) {
            if (made.layers.cells) drawCells(data, rest.cells, made.layers.cells);
            restack();
            document.documentElement.dataset.whole = "true";
            return resolve();
          }
          var end = Math.min(from + BATCH, data.device_states.length);
          makeDevices(data, signs, from, end);
          addDevices(data, made.states, signs, comeMore(end));
          restack();
          from = end;
          setTimeout(next, PAUSE);
        }
        setTimeout(next, PAUSE);
      });
    }).catch(function (error) {
      document.getElementById("message").textContent = data.words.incomplete;
      throw error;
    });
  }
}

window.LoraMap = { start: start };
