// Package report is what a run's rows come to: a table, the bars, and the page of the documents.
package report
