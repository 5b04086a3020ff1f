// Headings of short tables become buttons that sort them; without a script the tables stay in the server's order.
document.querySelectorAll("table[data-sortable]").forEach(function (table) {
  var body = table.tBodies[0], heads = table.tHead.querySelectorAll("th");
  heads.forEach(function (head, position) {
    var button = document.createElement("button");
    button.type = "button";
    button.textContent = head.textContent;
    head.textContent = "";
    head.appendChild(button);
    head.setAttribute("aria-sort", "none");
    button.addEventListener("click", function () {
      var rising = head.getAttribute("aria-sort") !== "ascending";
      heads.forEach(function (other) { other.setAttribute("aria-sort", "none"); });
      head.setAttribute("aria-sort", rising ? "ascending" : "descending");
      function key(row) {
        var cell = row.cells[position];
        return cell.dataset.order === undefined ? cell.textContent : cell.dataset.order;
      }
      function compare(a, b) {
        var x = Number(a), y = Number(b);
        return a !== "" && b !== "" && !isNaN(x) && !isNaN(y) ? x - y : a.localeCompare(b);
      }
      Array.prototype.slice.call(body.rows)
        .sort(function (a, b) { return (rising ? 1 : -1) * compare(key(a), key(b)); })
        .forEach(function (row) { body.appendChild(row); });
    });
  });
});
