"""From a raw crawl to a corpus, measured against the truth.

crawl      pages of Tinyland in which every defect is labelled;  defects/: what can be the matter
document   a document, its labels
stage      the one contract: document -> kept, possibly changed, or dropped with a reason
stages/    a file for each
pipeline   stages one after another; the funnel
score      precision and recall against the labels
"""
