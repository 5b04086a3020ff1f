// Signs on Leaflet's canvas: one picture per sign and size, stamped at each place.
// One part of the page's script: maps/assets.py joins the parts in one function.

const HIT = 12; // pixels around a sign that answer to a finger

var radius = 5;
var stamps = {};

function stamp(symbol) {
  var ratio = window.devicePixelRatio || 1;
  var key = [symbol.path, symbol.fill, symbol.stroke, radius, ratio].join("|");
  if (stamps[key]) return stamps[key];
  var side = Math.ceil(radius * 3.2);
  var picture = document.createElement("canvas");
  picture.width = picture.height = Math.ceil(side * ratio);
  var pen = picture.getContext("2d");
  pen.scale(ratio, ratio);
  pen.translate(side / 2, side / 2);
  pen.scale(radius / 6, radius / 6);
  var path = new Path2D(symbol.path);
  pen.lineJoin = "round";
  pen.strokeStyle = "#fff"; // a white halo keeps every sign legible on any ground
  pen.lineWidth = symbol.width + 3;
  pen.stroke(path);
  if (symbol.fill) {
    pen.fillStyle = symbol.fill;
    pen.fill(path, "evenodd");
  }
  if (symbol.stroke) {
    pen.strokeStyle = symbol.stroke;
    pen.lineWidth = symbol.width;
    pen.setLineDash(symbol.dash);
    pen.stroke(path);
  }
  stamps[key] = { picture: picture, side: side };
  return stamps[key];
}

L.Canvas.include({
  _updateSign: function (sign) {
    if (!this._drawing || sign._empty()) return;
    this._ctx.globalAlpha = 1; // what was drawn before leaves its own
    var found = stamp(sign.options.symbol);
    var half = found.side / 2;
    this._ctx.drawImage(found.picture, sign._point.x - half, sign._point.y - half, found.side, found.side);
  },
});

var Sign = L.CircleMarker.extend({
  options: { radius: HIT },
  _updatePath: function () {
    this._renderer._updateSign(this);
  },
});

function fitSigns(map) {
  var zoom = map.getZoom();
  radius = zoom < 11 ? 4 : zoom < 13 ? 5 : zoom < 15 ? 7 : 9;
}
