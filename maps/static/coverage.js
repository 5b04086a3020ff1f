// Squares of coverage: each state is one shape of many rectangles, filled with its own hatching.
// One part of the page's script: maps/assets.py joins the parts in one function.

function degrees(coefficients, column, row) {
  var k = coefficients;
  return k[0] + k[1] * column + k[2] * row + k[3] * column * column + k[4] * column * row + k[5] * row * row;
}

function lattice(coverage) {
  function at(column, row) {
    return [degrees(coverage.latitude, column, row), degrees(coverage.longitude, column, row)];
  }
  // Back from a place to its square: three steps of Newton, as the grid is all but straight.
  function squareAt(place) {
    var column = 0, row = 0, a = coverage.longitude, b = coverage.latitude;
    for (var k = 0; k < 4; k++) {
      var here = at(column, row), east = place.lng - here[1], north = place.lat - here[0];
      var a1 = a[1] + 2 * a[3] * column + a[4] * row, a2 = a[2] + a[4] * column + 2 * a[5] * row;
      var b1 = b[1] + 2 * b[3] * column + b[4] * row, b2 = b[2] + b[4] * column + 2 * b[5] * row;
      var area = a1 * b2 - a2 * b1;
      column += (east * b2 - north * a2) / area;
      row += (north * a1 - east * b1) / area;
    }
    return Math.floor(row) * coverage.wide + Math.floor(column) - coverage.least;
  }
  return { at: at, squareAt: squareAt };
}

function hatching(look) {
  if (!look.line) return look.fill;
  var side = look.step, tile = document.createElement("canvas");
  tile.width = tile.height = side;
  var pen = tile.getContext("2d");
  pen.globalAlpha = look.opacity;
  pen.fillStyle = look.fill;
  pen.fillRect(0, 0, side, side);
  pen.globalAlpha = 0.75;
  pen.strokeStyle = look.line;
  pen.lineWidth = 1;
  pen.beginPath();
  if (look.ways.indexOf("/") >= 0) [-side, 0, side].forEach(function (x) { pen.moveTo(x - 1, side + 1); pen.lineTo(x + side + 1, -1); });
  if (look.ways.indexOf("\\") >= 0) [-side, 0, side].forEach(function (x) { pen.moveTo(x - 1, -1); pen.lineTo(x + side + 1, side + 1); });
  if (look.ways.indexOf("-") >= 0) { pen.moveTo(0, side / 2); pen.lineTo(side, side / 2); }
  pen.stroke();
  return pen.createPattern(tile, "repeat");
}

// Squares side by side become one rectangle: a tenth of the corners.
function rectangles(grid, coverage, places, isWanted) {
  var found = [], start = -1;
  places.forEach(function (place, k) {
    if (!isWanted(k)) return;
    if (start < 0) start = k;
    var goesOn = k + 1 < places.length && places[k + 1] === place + 1 && (place + 1) % coverage.wide && isWanted(k + 1);
    if (goesOn) return;
    var row = Math.floor(place / coverage.wide), west = (places[start] % coverage.wide) + coverage.least;
    var east = (place % coverage.wide) + coverage.least + 1;
    // A little over the row above: edges that only touch would show as white lines.
    found.push([grid.at(west, row), grid.at(east, row), grid.at(east, row + 1.06), grid.at(west, row + 1.06)]);
    start = -1;
  });
  return found;
}

function painted(rings, look) {
  return L.polygon(rings.map(function (ring) { return [ring]; }), {
    stroke: false, fillColor: hatching(look), fillOpacity: look.line ? 1 : look.opacity, noClip: true, smoothFactor: 0,
    fillRule: "nonzero",
  });
}

function drawCoverage(data, layers, map) {
  var coverage = data.coverage, words = coverage.words, grid = lattice(coverage), places = [], rowOf = {}, at = 0;
  coverage.steps.forEach(function (step, k) { at += step; places.push(at); rowOf[at] = k; });

  function squareCard(place) {
    var k = rowOf[grid.squareAt(place)];
    if (k === undefined) return null;
    var pairs = [[words.because, words[coverage.basis[k]]]], heardBy = coverage.sets[coverage.set[k]];
    if (coverage.devices[k]) pairs.push([words.objects, String(coverage.devices[k])]);
    if (coverage.day[k] >= 0) pairs.push([words.last_on, coverage.days[coverage.day[k]]]);
    if (coverage.basis[k] !== "w") {
      pairs.push([words.gateways, coverage.gateways[k].toLocaleString(data.language)]);
      pairs.push([words.names, heardBy.map(function (n) { return coverage.names[n]; }).join(", ") || words.none]);
    }
    if (coverage.hanging[k] === "1") pairs.push([words.hangs, words.lost]);
    return card(words[coverage.state[k]], pairs);
  }
  function add(layer, look, isWanted) {
    if (!layer) return;
    var rings = rectangles(grid, coverage, places, isWanted);
    if (!rings.length) return;
    painted(rings, look).on("click", function (event) {
      var told = squareCard(event.latlng);
      if (told) L.popup(POPUP).setLatLng(event.latlng).setContent(told).openOn(map);
    }).addTo(layer);
  }
  add(layers.unknown, coverage.looks.unknown, function (k) { return coverage.state[k] === "u"; });
  add(layers.covered, coverage.looks.covered, function (k) { return coverage.state[k] === "c"; });
  add(layers.gap, coverage.looks.gap, function (k) { return coverage.state[k] === "g"; });
  add(layers.hanging, coverage.looks.hanging, function (k) { return coverage.hanging[k] === "1"; });

  // One gateway's view, chosen by name.
  var reach = L.layerGroup().addTo(map), panel = document.getElementById("layers");
  var label = make("label", words.reach + " ", panel), select = make("select", undefined, label);
  label.className = "reach";
  make("option", words.none, select).value = "";
  coverage.names
    .map(function (name, number) { return { name: name, number: number }; })
    .sort(function (a, b) { return a.name.localeCompare(b.name); })
    .forEach(function (one) { make("option", one.name, select).value = one.number; });
  function follow() {
    reach.clearLayers();
    if (select.value === "") return;
    var number = Number(select.value);
    add(reach, coverage.looks.reach, function (k) { return coverage.sets[coverage.set[k]].indexOf(number) >= 0; });
  }
  select.addEventListener("change", follow);
  return follow;
}

function drawNumbered(data, kind, layer, signs) {
  signs[kind] = {};
  if (!layer) return;
  var table = data.tables[kind], count = table.length;
  // The last first, so that the first lies above the others.
  for (var row = count - 1; row >= 0; row--) {
    var place = placeAt(table, row), box = make("span", String(row + 1));
    var icon = L.divIcon({ className: "numbered " + kind, html: box, iconSize: [26, 26] });
    var title = textAt(table.columns[0], row);
    signs[kind][row] = L.marker(place, { icon: icon, title: title, alt: title, zIndexOffset: count - row })
      .bindPopup((function (row) { return function () { return rowCard(table, row); }; })(row), POPUP)
      .addTo(layer);
  }
}
