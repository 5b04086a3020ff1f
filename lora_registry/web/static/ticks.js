// One box ticks all boxes of a name; without a script it does nothing, and every box can be ticked by itself.
document.querySelectorAll("input[data-ticks]").forEach(function (all) {
  var boxes = all.form.querySelectorAll('input[name="' + all.dataset.ticks + '"]');
  all.addEventListener("change", function () {
    boxes.forEach(function (box) { box.checked = all.checked; });
  });
});
