"""What can be the matter with a page of the crawl, a file for each family; all are written by `core.data.crawl`.

web        navigation, adverts and scripts around the text
rights     licences, opt-outs and missing consent
copies     near copies, and pages made from a template
foreign    the same few sentences in six languages
junk       gibberish, keyword spam, lists of words
mojibake   text that was decoded wrongly
personal   personal data, and decoys that look like it
leaks      test questions, verbatim and paraphrased
insults    unfriendly sentences, of a mild kind
"""
