"""Does an object still serve somebody, and what is there to decide? Facts in, points and sentences out.

Pure: no clock, no file, no database. `facts` is all that a judgement may see, `score` what becomes of it.
"""
