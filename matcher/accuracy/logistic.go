package accuracy

import (
	"errors"
	"math"

	"gonum.org/v1/gonum/mat"
)

// Logistic is a logistic regression of genuine against impostor comparisons: the
// log odds of "one person" are Intercept plus the weighted sum of the features.
type Logistic struct {
	Intercept float64
	Weights   []float64 // one for each feature
}

// FitLogistic finds the weights by Newton's method (iteratively reweighted least
// squares). Each row holds the features of one comparison; both kinds weigh the
// same in all, however many there are of each. Features are standardised before;
// the penalty is half of L2 on the standardised weights, the intercept's left
// out, beside the mean loss: it keeps the weights finite where a line parts the
// kinds. A feature that never changes gets the weight 0.
func FitLogistic(genuine, impostor [][]float64, penalty float64) (Logistic, error) {
	if len(genuine) == 0 || len(impostor) == 0 {
		return Logistic{}, errors.New("logistic regression: one kind of comparisons is missing")
	}
	n := len(genuine[0])
	kinds := []kind{{genuine, 1, .5 / float64(len(genuine))}, {impostor, -1, .5 / float64(len(impostor))}}
	mean, deviation := moments(kinds, n)

	theta := make([]float64, n+1) // the intercept, then the standardised weights
	x := make([]float64, n+1)     // one row, standardised
	x[0] = 1
	// each gives every row with its weight and the odds it stands for.
	each := func(theta []float64, do func(k kind, z float64)) {
		for _, k := range kinds {
			for _, row := range k.rows {
				z := theta[0]
				for j, v := range row {
					x[j+1] = (v - mean[j]) / deviation[j]
					z += theta[j+1] * x[j+1]
				}
				do(k, z)
			}
		}
	}
	loss := func(theta []float64) (sum float64) {
		each(theta, func(k kind, z float64) { sum += k.weight * softplus(-k.sign*z) })
		for _, w := range theta[1:] {
			sum += penalty / 2 * w * w
		}
		return sum
	}

	for now, round := loss(theta), 0; round < maxRounds; round++ {
		gradient, hessian := mat.NewVecDense(n+1, nil), mat.NewSymDense(n+1, nil)
		each(theta, func(k kind, z float64) {
			p := 1 / (1 + math.Exp(k.sign*z)) // of being taken for the other kind
			for i, a := range x {
				gradient.SetVec(i, gradient.AtVec(i)-k.weight*k.sign*p*a)
				for j := i; j <= n; j++ {
					hessian.SetSym(i, j, hessian.At(i, j)+k.weight*p*(1-p)*a*x[j])
				}
			}
		})
		for i := range theta {
			if i > 0 {
				gradient.SetVec(i, gradient.AtVec(i)+penalty*theta[i])
				hessian.SetSym(i, i, hessian.At(i, i)+penalty)
			}
			hessian.SetSym(i, i, hessian.At(i, i)+ridge)
		}
		var cholesky mat.Cholesky
		step := mat.NewVecDense(n+1, nil)
		if !cholesky.Factorize(hessian) || cholesky.SolveVecTo(step, gradient) != nil {
			return Logistic{}, errors.New("logistic regression: the features cannot be told apart")
		}
		// Far from the end a whole step may overshoot: half of it, and so on.
		next, size, better := make([]float64, n+1), 1.0, now
		for ; size > minStep; size /= 2 {
			for i := range next {
				next[i] = theta[i] - size*step.AtVec(i)
			}
			if better = loss(next); better <= now {
				break
			}
		}
		if size > minStep {
			theta = next
		}
		if size <= minStep || now-better < tolerance {
			return unstandardised(theta, mean, deviation), nil
		}
		now = better
	}
	return Logistic{}, errors.New("logistic regression: it does not settle")
}

// Newton's method.
const (
	maxRounds = 200
	tolerance = 1e-13 // of the mean loss, which is at most log 2
	minStep   = 1e-6
	ridge     = 1e-12 // keeps a feature that never changes solvable without a penalty
)

// kind are the comparisons of one kind.
type kind struct {
	rows   [][]float64
	sign   float64 // 1 genuine, -1 impostor
	weight float64 // of a row
}

// moments are each feature's mean and deviation. Of one that never changes the
// deviation is infinite, which makes nothing of it.
func moments(kinds []kind, n int) (mean, deviation []float64) {
	mean, deviation = make([]float64, n), make([]float64, n)
	for _, k := range kinds {
		for _, row := range k.rows {
			for j, v := range row {
				mean[j] += k.weight * v
			}
		}
	}
	for _, k := range kinds {
		for _, row := range k.rows {
			for j, v := range row {
				deviation[j] += k.weight * (v - mean[j]) * (v - mean[j])
			}
		}
	}
	for j, v := range deviation {
		if deviation[j] = math.Sqrt(v); deviation[j] < 1e-9*(1+math.Abs(mean[j])) {
			deviation[j] = math.Inf(1)
		}
	}
	return mean, deviation
}

func unstandardised(theta, mean, deviation []float64) Logistic {
	l := Logistic{Intercept: theta[0], Weights: make([]float64, len(mean))}
	for j := range mean {
		l.Weights[j] = theta[j+1] / deviation[j]
		l.Intercept -= l.Weights[j] * mean[j]
	}
	return l
}

// softplus is log(1+exp(x)) without overflow.
func softplus(x float64) float64 { return max(x, 0) + math.Log1p(math.Exp(-math.Abs(x))) }
