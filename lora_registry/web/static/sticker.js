// Reads the QR code of a label with the camera where the browser can; the text only fills in the field.
(function () {
  var camera = document.getElementById("camera"), seen = document.getElementById("seen");
  var field = document.getElementById("text"), stream = null;
  if (!("BarcodeDetector" in window) || !navigator.mediaDevices) { return; }
  var told = camera.querySelector("[role=status]");
  camera.hidden = false;

  function stop() {
    if (stream) { stream.getTracks().forEach(function (track) { track.stop(); }); }
    stream = null;
    seen.hidden = true;
  }

  function look(detector) {
    if (!stream) { return; }
    detector.detect(seen).then(function (codes) {
      if (codes.length) {
        field.value = codes[0].rawValue;
        told.textContent = told.dataset.done;
        stop();
        field.focus();
      } else {
        window.setTimeout(function () { look(detector); }, 150);
      }
    }, function () { window.setTimeout(function () { look(detector); }, 150); });
  }

  camera.querySelector("button").addEventListener("click", function () {
    navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" } }).then(function (given) {
      stream = given;
      seen.srcObject = given;
      seen.hidden = false;
      return seen.play();
    }).then(function () {
      look(new window.BarcodeDetector({ formats: ["qr_code"] }));
    }).catch(function () {
      told.textContent = told.dataset.none;
      stop();
    });
  });
})();
