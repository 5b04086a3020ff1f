"""Values in, pictures out: the only place that knows folium and geopandas. It draws and never decides."""
