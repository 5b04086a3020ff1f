// The place of one sensor: by the browser's own position, or by a tap on the commune's outline. Both only fill in the
// two fields, which work without any of this.
(function () {
  var latitude = document.getElementById("latitude"), longitude = document.getElementById("longitude");
  var here = document.getElementById("here"), tap = document.getElementById("tap"), marker = null, map = null;

  function say(lat, lon) {
    latitude.value = lat.toFixed(6);
    longitude.value = lon.toFixed(6);
    show();
  }

  function show() {
    var lat = parseFloat(latitude.value.replace(",", ".")), lon = parseFloat(longitude.value.replace(",", "."));
    if (!map || isNaN(lat) || isNaN(lon) || Math.abs(lat) > 90 || Math.abs(lon) > 180) { return; }
    if (marker) { marker.setLatLng([lat, lon]); } else {
      marker = L.circleMarker([lat, lon], { radius: 9, color: "#0b4f8a", fillOpacity: 0.5 }).addTo(map);
    }
  }

  if (navigator.geolocation && window.isSecureContext) {
    here.hidden = false;
    var told = here.querySelector("[role=status]");
    here.querySelector("button").addEventListener("click", function () {
      navigator.geolocation.getCurrentPosition(function (found) {
        say(found.coords.latitude, found.coords.longitude);
        told.textContent = told.dataset.done.replace("%", Math.ceil(found.coords.accuracy));
      }, function () { told.textContent = told.dataset.none; }, { enableHighAccuracy: true, timeout: 20000 });
    });
  }

  if (window.L && tap.dataset.outline) {
    tap.hidden = false;
    map = L.map(tap, { attributionControl: false, zoomSnap: 0.5 });
    var drawn = L.geoJSON(JSON.parse(tap.dataset.outline), {
      interactive: false, style: { color: "#4a5563", weight: 2, fillColor: "#e4eaf0", fillOpacity: 0.6 }
    }).addTo(map);
    map.fitBounds(drawn.getBounds());
    L.control.scale({ imperial: false }).addTo(map);
    map.on("click", function (event) { say(event.latlng.lat, event.latlng.lng); });
    [latitude, longitude].forEach(function (field) { field.addEventListener("input", show); });
    show();
  }
})();
